/**
 * Checks that the memory of a server on this wire does not grow while connections and calls start and end in every way
 * they can: `npm run churn -w @kun/wire -- 600` runs for ten minutes and prints the memory of the server process, after
 * a garbage collection, twenty times. It exits with 1 if the last quarter exceeds the second by more than the
 * tolerance.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { literal, frame } from './load.ts';

const seconds = Number(process.argv[2] ?? 20);
const MARKS = 20;
/** Concurrent connections. */
const LIVING = 50;
/** By how much the last quarter may exceed the second: the variation of a heap that is not growing. */
const TOLERANCE_BYTES = 2 * 1024 * 1024;

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

const HEADERS = Buffer.concat([
  Buffer.of(0x83, 0x86),
  literal(0x40, ':path', '/bench.Echo/Echo'),
  literal(0x40, ':authority', '127.0.0.1:50051'),
  literal(0x40, 'content-type', 'application/grpc'),
  literal(0x40, 'te', 'trailers'),
]);
const HELLO = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(4, 0, 0, Buffer.alloc(0)),
]);
const MESSAGE = Buffer.from('\0\0\0\0\x05hello', 'latin1');
const CANCEL = Buffer.of(0, 0, 0, 8);

const counts = { connections: 0, streams: 0 };

/** The streams of one connection: complete, half, reset, left open, with custom metadata, truncated in a message. */
function streams(seed: number): Buffer {
  const out: Buffer[] = [HELLO];
  const count = 1 + (seed % 20);
  for (let index = 0; index < count; index++) {
    const stream = 1 + 2 * index;
    const own = literal(0x40, `x-own-${(seed * 31 + index) % 997}`, String(seed));
    out.push(frame(1, 4, stream, Buffer.concat([HEADERS, own])));
    const way = (seed + index) % 5;
    if (way === 0 || way === 1) out.push(frame(0, 1, stream, MESSAGE));
    if (way === 2) out.push(frame(0, 0, stream, MESSAGE));
    if (way === 3) out.push(frame(0, 0, stream, MESSAGE.subarray(0, 7)));
    if (way === 4) out.push(frame(3, 0, stream, CANCEL));
  }
  counts.connections++;
  counts.streams += count;
  return Buffer.concat(out);
}

/** One connection: opened, answered, and closed properly, destroyed, or destroyed before it has sent anything. */
async function live(port: number, seed: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  // Destroyed on purpose.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  const ended = seed % 3;
  const bytes = streams(seed);
  if (ended === 2) socket.write(bytes.subarray(0, seed % bytes.length), () => socket.destroy());
  else {
    socket.write(bytes);
    await Promise.race([once(socket, 'data').catch(() => {}), closed]);
    await turn();
    if (ended === 0) socket.end();
    socket.resume();
    if (ended === 1) socket.destroy();
    else setTimeout(() => socket.destroy(), 20);
  }
  await closed;
}

const child = fork(new URL('./contender.ts', import.meta.url), [process.argv[3] ?? 'wire'], {
  execArgv: ['--expose-gc'],
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [{ port }] = (await once(child, 'message')) as [{ port: number }];
const begun = performance.now();
const due = begun + seconds * 1000;
let seed = 0;
const workers = Array.from({ length: LIVING }, async () => {
  while (performance.now() < due) await live(port, ++seed);
});

const heaps: number[] = [];
for (let mark = 1; mark <= MARKS; mark++) {
  await new Promise((resolve) =>
    setTimeout(resolve, begun + (mark * seconds * 1000) / MARKS - performance.now()),
  );
  child.send('memory');
  const [memory] = (await once(child, 'message')) as [Memory];
  heaps.push(memory.heapUsed + memory.external);
  const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  console.log(
    `${Math.round((performance.now() - begun) / 1000)} s: heap ${mib(memory.heapUsed)}, external ${mib(memory.external)}, RSS ${mib(memory.rss)} MiB; ${counts.connections} connections, ${counts.streams} streams so far`,
  );
}
await Promise.all(workers);
child.send('stop');
await once(child, 'exit');

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const grown = mean(heaps.slice(-MARKS / 4)) - mean(heaps.slice(MARKS / 4, MARKS / 2));
console.log(
  `heap and buffers of the last quarter minus those of the second: ${Math.round(grown / 1024)} KiB`,
);
process.exitCode = grown > TOLERANCE_BYTES ? 1 : 0;
