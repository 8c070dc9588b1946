import { status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { UNKNOWN_METHOD } from '../rpc/rpc-method.js';
import { FakeCall } from '../testing/fake-call.js';
import { DURATION_BOUNDS, RpcDurations } from './rpc-durations.js';

function count(
  durations: RpcDurations,
  calls: ReadonlyArray<[call: FakeCall, code: status, seconds: number]>,
) {
  const [first] = calls;
  if (!first) return;
  const method = durations.of(first[0].method);
  for (const [call, code, seconds] of calls) {
    call.onEnd((ending) => method.add(call, ending));
    call.finish({ code, durationMs: seconds * 1000 });
  }
}

it('counts each call in the one bucket whose bound is the lowest that it does not exceed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...DURATION_BOUNDS), fc.double({ min: 0, max: 20, noNaN: true }))),
      (seconds) => {
        const durations = new RpcDurations('server');
        count(
          durations,
          seconds.map((each) => [new FakeCall(), status.OK, each]),
        );
        const counts = [...DURATION_BOUNDS, Infinity].map(
          (bound, i) =>
            seconds
              .map((each) => (each * 1000) / 1000)
              .filter((each) => each <= bound && each > (DURATION_BOUNDS[i - 1] ?? -1)).length,
        );
        const [series] = durations.series();
        expect(series?.bucketCounts ?? counts.map(() => 0)).toEqual(counts);
      },
    ),
  );
});

it('keeps codes apart, and names those that are the fault of the server', () => {
  const durations = new RpcDurations('server');
  const codes = [status.OK, status.NOT_FOUND, status.DEADLINE_EXCEEDED, status.OK];
  count(
    durations,
    codes.map((code) => [new FakeCall(), code, 0.001]),
  );
  const method = { 'rpc.system.name': 'grpc', 'rpc.method': 'test.v1.TestService/Get' };
  expect([...durations.series()].map(({ attributes }) => attributes)).toEqual([
    { ...method, 'rpc.status_code': 'OK' },
    { ...method, 'rpc.status_code': 'DEADLINE_EXCEEDED', 'error.type': 'DEADLINE_EXCEEDED' },
    { ...method, 'rpc.status_code': 'NOT_FOUND' },
  ]);
});

it('keeps upstreams of a client apart', () => {
  const durations = new RpcDurations('client');
  const targets = ['dns:///shop:50051', '10.0.0.1:80', '[::1]:90', 'unix:///run/shop.sock'];
  count(
    durations,
    targets.map((peer) => [new FakeCall({ side: 'client', peer }), status.NOT_FOUND, 0.001]),
  );
  const served = [...durations.series()].map(({ attributes }) => [
    attributes['server.address'],
    attributes['server.port'],
    attributes['error.type'],
  ]);
  expect(served).toEqual([
    ['shop', 50051, 'NOT_FOUND'],
    ['10.0.0.1', 80, 'NOT_FOUND'],
    ['::1', 90, 'NOT_FOUND'],
    [expect.stringContaining('shop.sock'), undefined, 'NOT_FOUND'],
  ]);
});

it('has one method for all that callers invent', () => {
  const durations = new RpcDurations('server');
  count(durations, [[new FakeCall({ method: UNKNOWN_METHOD }), status.UNIMPLEMENTED, 0.001]]);
  expect([...durations.series()][0]?.attributes['rpc.method']).toBe('_OTHER');
});
