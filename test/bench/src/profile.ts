import { readFileSync } from 'node:fs';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: ReadonlyArray<{ readonly id: number; readonly callFrame: CallFrame }>;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const TOP_FUNCTIONS = 35;
/** Packages with less of the whole than this are left out. */
const LEAST_SHARE = 0.002;

/** Self time by package and by function, as parts of the CPU time of a unit. */
export function profileReport(path: string, cpuUs: number, unit: string): string {
  const profile = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
  const byNode = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let totalUs = 0;
  profile.samples.forEach((id, index) => {
    const where = byNode.get(id);
    if (!where || where.functionName === '(idle)' || where.url === 'node:inspector') return;
    const us = profile.timeDeltas[index] ?? 0;
    totalUs += us;
    const name = packageOf(where);
    add(packages, name, us);
    add(functions, `${name}  ${functionOf(where)}`, us);
  });
  // The profiler costs time of its own: parts are exact, and the microseconds are as if it were not there.
  const line = ([name, us]: [string, number]) => {
    const share = us / totalUs;
    return `${(share * 100).toFixed(1).padStart(5)}%  ${(share * cpuUs).toFixed(2).padStart(7)} us  ${name}`;
  };
  const functionLines = sorted(functions).slice(0, TOP_FUNCTIONS).map(line);
  return [
    `self time by package (${cpuUs.toFixed(2)} us a ${unit} under the profiler)`,
    ...sorted(packages)
      .filter(([, us]) => us / totalUs >= LEAST_SHARE)
      .map(line),
    '',
    'self time by function',
    ...functionLines,
  ].join('\n');
}

function packageOf({ url, functionName }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'native';
  if (url.startsWith('node:')) return url.split('/', 2).join('/');
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url);
  if (installed) return installed[1] ?? url;
  const kun = /\/libs\/(kun-[^/]+)\/dist\/([^/]+)/.exec(url);
  if (kun) return `${kun[1]}/${kun[2]}`;
  return 'bench';
}

function functionOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.slice(url.lastIndexOf('/') + 1);
  return `${functionName || '(anonymous)'}${file && ` ${file}:${lineNumber + 1}`}`;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function sorted(sums: ReadonlyMap<string, number>): Array<[string, number]> {
  return [...sums].toSorted(([, a], [, b]) => b - a);
}
