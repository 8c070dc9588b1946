import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Refusal } from '../src/process/refusal.js';
import { WireProcess } from '../src/process/wire-process.js';
import { serveConnection } from '../src/server/serve-connection.js';
import { ping, PREFACE, settings, settingsAck } from './raw-peer.js';
import { StillClock } from './served-peer.js';

const HELLO = Buffer.concat([Buffer.from(PREFACE), settings(), settingsAck()]);
const MARK = Buffer.from('are you?');

let clock: StillClock;
let process: WireProcess;
let refusals: Refusal[];
const server = createServer((socket) => {
  socket.on('error', () => {});
  serveConnection(socket, { process, limits: { overheadBurst: 100 } }, () => {
    throw new Error('nobody calls');
  });
});
const sockets: Socket[] = [];

beforeEach(async () => {
  clock = new StillClock();
  refusals = [];
  process = new WireProcess({ clock, onRefused: (refusal) => refusals.push(refusal) });
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** A connection that can check whether it is read. */
async function caller(...frames: Buffer[]): Promise<{ socket: Socket; answered: () => boolean }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  await once(socket, 'connect');
  socket.write(Buffer.concat([HELLO, ping(0, MARK), ...frames]));
  return { socket, answered: () => received.includes(MARK.toString()) };
}

async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

it('delays reading of new connections from an address disconnected for a flood by a second, and of no others', async () => {
  const before = await caller();
  await turnsUntil(before.answered);
  const flood = await caller(...Array.from({ length: 200 }, () => ping()));
  await turnsUntil(() => refusals.length > 0);
  expect(refusals.map(({ reason }) => reason)).toEqual(['overhead-flood']);

  const { connectionsTotal } = process.stats;
  const back = await caller();
  await turnsUntil(() => process.stats.connectionsTotal > connectionsTotal);
  // An existing connection continues; by then, anything that could be read from the others would have been.
  before.socket.write(ping(0, Buffer.from('and now?')));
  await once(before.socket, 'data');
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(back.answered()).toBe(false);
  clock.advance(1000);
  await turnsUntil(back.answered);
  expect(flood.socket.destroyed || refusals.length === 1).toBe(true);
});

it('delays nobody for a connection that violated the protocol without causing work', async () => {
  const wrong = await caller(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0]));
  await once(wrong.socket, 'close');
  expect(refusals.map(({ reason }) => reason)).toEqual(['protocol-error']);
  const other = await caller();
  await turnsUntil(other.answered);
});
