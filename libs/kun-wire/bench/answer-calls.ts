/**
 * The cost of a call for a server on this wire, compared with bare node:http2 and bare grpc-js: CPU time of the server
 * process per call, medians over processes. `npm run bench -w @kun/wire -- 5 3 unary,mesh` measures five processes of
 * each for three seconds, with two of the loads.
 */
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { begin, type Load } from './load.ts';

const processes = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 2);
const only = process.argv[4]?.split(',');

const ECHO = { path: '/bench.Echo/Echo', unitsPerCall: 1 };
const LOADS: readonly Load[] = [
  { name: 'unary', connections: 8, inFlight: 16, requestBytes: 10, ...ECHO },
  { name: 'mesh', connections: 8, inFlight: 16, requestBytes: 10, mesh: true, ...ECHO },
  { name: 'single', connections: 64, inFlight: 1, requestBytes: 10, ...ECHO },
  { name: '10KiB', connections: 8, inFlight: 16, requestBytes: 10_240, ...ECHO },
  { name: '4MiB', connections: 2, inFlight: 1, requestBytes: 4 * 1024 * 1024 - 64, ...ECHO },
  {
    name: 'stream',
    connections: 4,
    inFlight: 1,
    requestBytes: 10,
    path: '/bench.Echo/Watch',
    unitsPerCall: 1000,
  },
];
const CONTENDERS = ['wire', 'http2', 'grpcjs'];
const WARM_UP_MS = 3000;

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

function pin(pid: number, core: number): void {
  try {
    execFileSync('taskset', ['-a', '-cp', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    console.warn('not pinned: taskset is missing');
  }
}

async function measure(contender: string, load: Load): Promise<number> {
  const child = fork(new URL('./contender.ts', import.meta.url), [contender], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  pin(child.pid ?? 0, 0);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const cpu = async (): Promise<number> => {
    child.send('cpu');
    const [{ cpuUs }] = (await once(child, 'message')) as [{ cpuUs: number }];
    return cpuUs;
  };
  const running = await begin(port, load);
  await delay(WARM_UP_MS);
  const [cpuBefore, callsBefore] = [await cpu(), running.ended()];
  await delay(seconds * 1000);
  const [cpuAfter, callsAfter] = [await cpu(), running.ended()];
  if (running.wrong() > 0) console.log(`WRONG: ${running.wrong()} of ${contender} in ${load.name}`);
  running.stop();
  child.send('stop');
  await once(child, 'exit');
  return (cpuAfter - cpuBefore) / ((callsAfter - callsBefore) * load.unitsPerCall);
}

pin(process.pid, 1);
for (const load of LOADS.filter(({ name }) => only === undefined || only.includes(name))) {
  const costs = new Map<string, number[]>(CONTENDERS.map((contender) => [contender, []]));
  for (let round = 0; round < processes; round++) {
    for (const [contender, values] of costs) {
      if (contender === 'http2' && load.unitsPerCall > 1) continue;
      values.push(await measure(contender, load));
    }
  }
  const bare = median(costs.get('grpcjs') ?? []);
  const columns = [...costs].map(([contender, values]) => {
    const cost = median(values);
    return `${contender} ${cost.toFixed(2)} us (${(cost / bare).toFixed(2)})`;
  });
  console.log(`${load.name.padEnd(8)} ${columns.join('   ')}`);
}
