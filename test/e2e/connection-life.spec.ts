import { once } from 'node:events';
import { connect } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { currentCall } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { headers, RawPeer, frame, data, message, END, type Fields } from './differential/raw-peer.js';
import { kindsController } from './kinds-controller.js';
import { sumOf } from './metrics-text.js';

const WATCH: Fields = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', `/${KINDS}/Watch`],
  [':authority', 'test'],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];
/** Of a PING that is no answer. */
const isPing = ({ type, flags }: { readonly type: number; readonly flags: number }): boolean =>
  type === 6 && flags === 0;

describe('a connection of the engine kun', () => {
  let service: TestService;
  let aborted: ReturnType<typeof deferred<void>>;
  const peers = new Set<string>();
  afterEach(() => service.close());

  async function start(settings: object): Promise<void> {
    aborted = deferred();
    peers.clear();
    const controller = kindsController({
      unary: () => {
        peers.add(currentCall()!.peer);
        return { text: 'ok' };
      },
      async *watch() {
        yield { text: 'first' };
        const { signal } = currentCall()!;
        if (!signal.aborted) await once(signal, 'abort');
        aborted.resolve();
      },
    });
    service = await startTestService(kindsModule({ controllers: [controller] }), {
      overrides: { GRPCServer: { Engine: 'kun', ...settings } },
    });
  }

  /** A peer by hand, with a stream open. */
  function watching(): RawPeer {
    const peer = new RawPeer(service.grpcAddress);
    peer.send(headers(1, WATCH), data(1, message(Buffer.alloc(0)), END));
    return peer;
  }

  it('whose peer answers no PING is cut, its calls end, and it is counted', async () => {
    await start({ KeepaliveTime: 0.1, KeepaliveTimeout: 0.1 });
    const peer = watching();
    await peer.until(() => false);
    expect(peer.frames.some(isPing)).toBe(true);
    await aborted.promise;
    const metrics = await service.metrics();
    expect(sumOf(metrics, 'kun_wire_refusals_total', { reason: 'keepalive-timeout' })).toBe(1);
    const line = await service.logs.waitFor(({ msg }) => msg === 'finished call');
    expect(line).toMatchObject({ 'grpc.ended_by': 'connection' });
  });

  it('whose peer answers PINGs stays', async () => {
    await start({ KeepaliveTime: 0.1, KeepaliveTimeout: 0.5 });
    // What grpc-js stands on.
    const session = connect(`http://${service.grpcAddress}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${KINDS}/Watch`,
      'content-type': 'application/grpc',
    });
    stream.resume().on('error', () => {});
    stream.end(message(Buffer.alloc(0)));
    for (let pings = 0; pings < 3; pings++) await once(session, 'ping');
    expect(stream.closed).toBe(false);
    session.destroy();
    await aborted.promise;
  });

  it('that is old is left in two steps, without losing a call; one that stays ends with UNAVAILABLE', async () => {
    await start({ MaxConnectionAge: 0.2, MaxConnectionAgeGrace: 0.5 });
    const options = { 'grpc.enable_retries': 0, 'grpc.use_local_subchannel_pool': 1 };
    const client = service.grpcClient(KINDS, options);
    const staying = startCall(client, 'Watch');
    await staying.received(1);
    const codes = new Map<number, number>();
    while (peers.size < 4) {
      const { code } = await call(client, 'Unary');
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect([...codes.keys()]).toEqual([status.OK]);
    expect(await staying.outcome).toMatchObject({
      code: status.UNAVAILABLE,
      messages: [{ text: 'first' }],
    });
    client.close();
  });

  it('that is idle is left in two steps', async () => {
    await start({ MaxConnectionIdle: 0.1 });
    const peer = new RawPeer(service.grpcAddress);
    await peer.until((frames) => frames.some(isPing));
    const lastStreams = () =>
      peer.frames.filter(({ type }) => type === 7).map(({ payload }) => payload.readUInt32BE(0));
    expect(lastStreams()).toEqual([2 ** 31 - 1]);
    // A call that was on its way is served, and idleness begins anew after it.
    const unary = WATCH.map(([name, value]) => [name, name === ':path' ? `/${KINDS}/Unary` : value] as const);
    peer.send(headers(1, unary), data(1, message(Buffer.alloc(0)), END));
    peer.send(frame(6, 1, 0, peer.frames.find(isPing)!.payload));
    await peer.until(() => false);
    expect(lastStreams()).toEqual([2 ** 31 - 1, 1]);
    expect(peer.frames.findLast(({ type }) => type === 1)?.headers.get('grpc-status')).toBe('0');
  });
});
