import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { credentials, makeGenericClientConstructor, status, type Client } from '@grpc/grpc-js';
import { codeName, currentCall, notFound } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call, startCall, type Call, type Outcome } from './call.js';
import { kindsController, METHODS, type KindsHandlers } from './kinds-controller.js';
import { samplesOf, sumOf } from './metrics-text.js';
import { REPOSITORY } from './running-process.js';
import { serviceIn } from './spawned-service.js';

const KINDS_SERVICE = serviceIn(`${REPOSITORY}/test/fixtures/kinds.proto`, KINDS);

/** What a call is told to do, by the text of its first message. */
const handlers: KindsHandlers = {
  async unary(request) {
    await act(request);
    return { text: 'done' };
  },
  async *watch(request) {
    yield { n: 1 };
    await act(request);
    yield { n: 2 };
  },
  async collect(requests) {
    let n = 0;
    for await (const request of requests) {
      await act(request);
      n++;
    }
    return { n };
  },
  async *chat(requests) {
    for await (const request of requests) {
      yield { text: 'got it' };
      await act(request);
    }
  },
};

async function act({ text }: Note): Promise<void> {
  const signal = currentCall()?.signal;
  if (text === 'refuse') throw notFound('as asked');
  if (text === 'throw') throw new Error('secret');
  if (text === 'hang') await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  // Ignores that nobody waits any more; the test lets it go at the end.
  if (text === 'ignore') await released;
}

let release = (): void => {};
let released = Promise.resolve();
let service: TestService;
let client: Client;
beforeEach(async () => {
  released = new Promise((resolve) => (release = resolve));
  service = await startTestService(kindsModule({ controllers: [kindsController(handlers)] }), {
    overrides: { GRPCServer: { MaxMsgSize: 64 * 1024, Reflection: true } },
  });
  client = service.grpcClient(KINDS);
});
afterEach(async () => {
  release();
  await service.close();
});

/** Settles when the server has so many calls of the method in flight. */
async function inFlight(method: string, count: number): Promise<void> {
  const of = async () => sumOf(await service.metrics(), 'grpc_server_in_flight', { grpc_method: method });
  await expect.poll(of, { interval: 10 }).toBe(count);
}

/** Calls of every method that end in every way, as the caller saw each. */
async function mixedLoad(): Promise<Array<{ method: string; outcome: Outcome }>> {
  const calls: Array<{ method: string; call: Call }> = [];
  const start = (method: string, input: Parameters<typeof startCall>[2]) => {
    const started = startCall(client, method, input);
    calls.push({ method, call: started });
    return started;
  };
  for (const method of METHODS) {
    const toCancel: Call[] = [];
    for (const text of ['ok', 'ok', 'ok', 'refuse', 'throw']) start(method, { requests: [{ text }] });
    start(method, { requests: [{ text: 'x'.repeat(100_000) }] });
    for (const text of ['hang', 'ignore']) {
      start(method, { requests: [{ text }], timeoutMs: 300 });
      toCancel.push(start(method, { requests: [{ text }], open: true }));
    }
    await inFlight(method, 4);
    for (const hanging of toCancel) hanging.cancel();
  }
  return Promise.all(
    calls.map(async ({ method, call: { outcome } }) => ({ method, outcome: await outcome })),
  );
}

describe('the books after a mixed load of all kinds', () => {
  it('agree with each other, with the log, and with what the callers saw', async () => {
    const seen = [{ method: 'Unary', outcome: await call(client, 'Unary') }, ...(await mixedLoad())];
    for (const path of ['/kun.test.v1.Kinds/Missing', '/kun.test.v1.Nobody/Unary']) {
      seen.push({ method: '_OTHER', outcome: await callUnknown(path) });
    }
    release();
    await expect.poll(async () => sumOf(await service.metrics(), 'grpc_server_in_flight')).toBe(0);

    const text = await service.metrics();
    expect(sumOf(text, 'grpc_server_started_total')).toBe(seen.length);
    expect(sumOf(text, 'grpc_server_handled_total')).toBe(seen.length);
    for (const method of [...METHODS, '_OTHER']) {
      const labels = { grpc_method: method };
      expect(sumOf(text, 'grpc_server_started_total', labels)).toBe(
        sumOf(text, 'grpc_server_handled_total', labels),
      );
      expect(sumOf(text, 'grpc_server_handling_seconds_count', labels)).toBe(
        sumOf(text, 'grpc_server_handled_total', labels),
      );
    }
    const callers = tally(seen.map(({ method, outcome }) => `${method} ${codeName(outcome.code)}`));
    const counted = samplesOf(text)
      .filter(({ name, value }) => name === 'grpc_server_handled_total' && value > 0)
      .map(({ labels, value }) => [
        `${labels['grpc_method']} ${upperCase(labels['grpc_code'] ?? '')}`,
        value,
      ]);
    expect(Object.fromEntries(counted)).toEqual(callers);
    const logged = service.logs.finishedCalls.map(
      (line) => `${String(line['grpc.method'])} ${upperCase(String(line['grpc.code']))}`,
    );
    expect(tally(logged)).toEqual(callers);
    expect(new Set(service.logs.finishedCalls.map(({ request_id: id }) => id)).size).toBe(seen.length);
    // Every way to end is among them.
    const codes = new Set(seen.map(({ outcome }) => outcome.code));
    expect([...codes].toSorted((a, b) => a - b)).toEqual([
      status.OK,
      status.CANCELLED,
      status.DEADLINE_EXCEEDED,
      status.NOT_FOUND,
      status.RESOURCE_EXHAUSTED,
      status.UNIMPLEMENTED,
      status.INTERNAL,
    ]);
    expect(text).not.toContain('Missing');
    expect((await service.close()).facts).toMatchObject({ drained: 0, ended: 0, forced: 0 });
  });

  it('agree when connections are lost under calls', async () => {
    const lost = await startCutRelay(service.app.ports.grpc ?? 0);
    const Caller = makeGenericClientConstructor(KINDS_SERVICE, 'Caller');
    const caller = new Caller(lost.address, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
    const calls = METHODS.map((method) =>
      startCall(caller as unknown as Client, method, { requests: [{ text: 'hang' }], open: true }),
    );
    for (const method of METHODS) await inFlight(method, 1);
    lost.cut();
    for (const { outcome } of calls) expect((await outcome).code).toBe(status.UNAVAILABLE);
    caller.close();
    await expect.poll(async () => sumOf(await service.metrics(), 'grpc_server_in_flight')).toBe(0);
    const text = await service.metrics();
    expect(sumOf(text, 'grpc_server_started_total')).toBe(4);
    expect(sumOf(text, 'grpc_server_handled_total', { grpc_code: 'Canceled' })).toBe(4);
    expect(service.logs.finishedCalls.map((line) => line['grpc.ended_by'])).toEqual(
      Array(4).fill('connection'),
    );
  });
});

describe('the counters of messages', () => {
  it('count every message of every kind, those of failed calls too', async () => {
    const requests = ['ok', 'ok', 'refuse', 'ok'].map((text) => ({ text }));
    for (const method of METHODS) await call(client, method, { requests });
    await call(client, 'Watch', { requests: [{ text: 'refuse' }] });
    await call(client, 'Unary', { requests: [{ text: 'refuse' }] });
    await expect.poll(async () => sumOf(await service.metrics(), 'grpc_server_in_flight')).toBe(0);
    const text = await service.metrics();
    const counts = METHODS.map((method) => [
      method,
      sumOf(text, 'grpc_server_msg_received_total', { grpc_method: method }),
      sumOf(text, 'grpc_server_msg_sent_total', { grpc_method: method }),
    ]);
    expect(counts).toEqual([
      ['Unary', 2, 1],
      ['Watch', 2, 3],
      // Reading stops at the request that is refused.
      ['Collect', 3, 0],
      ['Chat', 3, 3],
    ]);
  });

  it('count those of a stream while it runs', async () => {
    const chat = startCall(client, 'Chat', { requests: [{ text: 'ok' }, { text: 'ok' }], open: true });
    await chat.received(2);
    const text = await service.metrics();
    expect(sumOf(text, 'grpc_server_msg_received_total', { grpc_method: 'Chat' })).toBe(2);
    expect(sumOf(text, 'grpc_server_msg_sent_total', { grpc_method: 'Chat' })).toBe(2);
    expect(sumOf(text, 'grpc_server_handled_total', { grpc_method: 'Chat' })).toBe(0);
    chat.end();
    expect((await chat.outcome).code).toBe(status.OK);
  });
});

describe('before the first call', () => {
  it('every method has its series at 0, so that its first call is an increase', async () => {
    const samples = samplesOf(await service.metrics()).filter(
      ({ name, labels }) =>
        name.startsWith('grpc_server_') && !name.includes('bucket') && labels['grpc_service'] === KINDS,
    );
    expect(samples.filter(({ value }) => value !== 0)).toEqual([]);
    const series = tally(
      samples.map(({ name, labels }) => `${name} ${labels['grpc_method']} ${labels['grpc_type']}`),
    );
    const types = { Unary: 'unary', Watch: 'server_stream', Collect: 'client_stream', Chat: 'bidi_stream' };
    for (const method of METHODS) {
      for (const name of [
        'started_total',
        'msg_received_total',
        'msg_sent_total',
        'in_flight',
        'handling_seconds_sum',
      ]) {
        expect(series[`grpc_server_${name} ${method} ${types[method]}`]).toBe(1);
      }
      expect(series[`grpc_server_handled_total ${method} ${types[method]}`]).toBe(17);
    }
  });
});

/** A relay to the port whose connections can be cut, as by a network that fails. */
async function startCutRelay(port: number): Promise<{ address: string; cut(): void }> {
  const sockets = new Set<Socket>();
  const relay = createServer((socket) => {
    const onwards = connect(port, '127.0.0.1');
    for (const end of [socket, onwards]) sockets.add(end.on('error', () => {}));
    socket.pipe(onwards).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    address: `127.0.0.1:${(relay.address() as AddressInfo).port}`,
    cut() {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls a method that the client's service does not have. */
async function callUnknown(path: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const bytes = (value: Buffer) => value;
    const unary = client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), () => {});
    unary.on('status', ({ code, details, metadata: trailers }) =>
      resolve({ code, details, trailers, messages: [], headers: undefined }),
    );
  });
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** `NotFound`, as the metrics have it, to `NOT_FOUND`. */
function upperCase(goName: string): string {
  if (goName === 'OK') return goName;
  const name = goName.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase();
  // Go spells it with one l.
  return name === 'CANCELED' ? 'CANCELLED' : name;
}
