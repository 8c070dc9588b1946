import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Profiler } from 'node:inspector';

/** A function in a profile. */
export interface HotFunction {
  readonly function: string;
  /** Where it is; absent for what is V8's or Node's own, in C++. */
  readonly at?: string;
  /** In it, and in it and all that it called. */
  readonly selfMs: number;
  readonly totalMs: number;
  readonly selfPercent: number;
  readonly totalPercent: number;
}

/** The summary of a CPU profile, for clients that cannot open one. */
export interface ProfileSummary {
  readonly seconds: number;
  /** How much of the time the thread had something to do, in percent. */
  readonly busyPercent: number;
  readonly garbageCollectionPercent: number;
  /** Those that took most by themselves; percentages are of the whole time. */
  readonly functions: readonly HotFunction[];
}

interface Times {
  readonly node: Profiler.ProfileNode;
  self: number;
  total: number;
}

const MAX_FUNCTIONS = 40;

/** Sums up a profile by function. */
export function profileSummary({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): ProfileSummary {
  const selfById = new Map<number, number>();
  let whole = 0;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  samples.forEach((id, index) => {
    // To begin and end it takes longer than most of what is in it.
    if (byId.get(id)?.callFrame.url.startsWith('node:inspector')) return;
    const micros = Math.max(0, timeDeltas[index] ?? 0);
    whole += micros;
    selfById.set(id, (selfById.get(id) ?? 0) + micros);
  });
  const times = new Map<string, Times>();
  const root = nodes[0];
  if (root) sum(root, new Set(), { byId, selfById, times });
  const percent = (micros: number) => Math.round((micros / Math.max(whole, 1)) * 1000) / 10;
  const own = (name: string) =>
    [...times.values()].find(({ node }) => node.callFrame.functionName === name)?.self ?? 0;
  const functions = [...times.values()]
    .filter(({ self, node }) => self > 0 && !NO_FUNCTION.has(node.callFrame.functionName))
    .toSorted((a, b) => b.self - a.self)
    .slice(0, MAX_FUNCTIONS)
    .map(({ node, self, total }): HotFunction => {
      const at = placeOf(node.callFrame);
      return {
        function: node.callFrame.functionName || '(anonymous)',
        ...(at !== undefined && { at }),
        selfMs: Math.round(self / 100) / 10,
        totalMs: Math.round(total / 100) / 10,
        selfPercent: percent(self),
        totalPercent: percent(total),
      };
    });
  return {
    seconds: Math.round(whole / 1e5) / 10,
    busyPercent: Math.round((100 - percent(own('(idle)'))) * 10) / 10,
    garbageCollectionPercent: percent(own('(garbage collector)')),
    functions,
  };
}

/** V8's names for entries that are not functions. */
const NO_FUNCTION: ReadonlySet<string> = new Set(['(root)', '(idle)', '(program)']);

/** Gives what a node and all below it took; of a function that calls itself, the outermost counts. */
function sum(
  node: Profiler.ProfileNode,
  above: Set<string>,
  within: {
    readonly byId: ReadonlyMap<number, Profiler.ProfileNode>;
    readonly selfById: ReadonlyMap<number, number>;
    readonly times: Map<string, Times>;
  },
): number {
  const { functionName, url, lineNumber } = node.callFrame;
  const key = `${functionName} ${url}:${lineNumber}`;
  const outermost = !above.has(key);
  if (outermost) above.add(key);
  const self = within.selfById.get(node.id) ?? 0;
  let total = self;
  for (const id of node.children ?? []) {
    const child = within.byId.get(id);
    if (child) total += sum(child, above, within);
  }
  if (outermost) above.delete(key);
  const times = within.times.get(key) ?? { node, self: 0, total: 0 };
  times.self += self;
  if (outermost) times.total += total;
  within.times.set(key, times);
  return total;
}

function placeOf({ url, lineNumber }: Profiler.ProfileNode['callFrame']): string | undefined {
  if (url === '') return undefined;
  const file = url.startsWith('file://') ? relative(process.cwd(), fileURLToPath(url)) : url;
  return `${file}:${lineNumber + 1}`;
}
