import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { describeMethod, UNKNOWN_METHOD } from '../rpc/rpc-method.js';
import { FakeCall } from '../testing/fake-call.js';
import { CallMetrics, type CallMetricsOptions } from './call-metrics.js';

const unary = describeMethod('/test.v1.S/Get', { requestStream: false, responseStream: false });
const stream = describeMethod('/test.v1.S/Watch', { requestStream: false, responseStream: true });
const UNARY = 'grpc_type="unary",grpc_service="test.v1.S",grpc_method="Get"';
const STREAM = 'grpc_type="server_stream",grpc_service="test.v1.S",grpc_method="Watch"';

function setUp(options?: CallMetricsOptions) {
  const registry = new Registry();
  const metrics = new CallMetrics(registry, options);
  const run = (call: FakeCall) => {
    const counts = metrics.start(call);
    call.onEnd((ending) => counts.end(call, ending));
  };
  /** The series as they are scraped. */
  const scrape = async () => {
    const samples = new Map<string, number>();
    for (const line of (await registry.metrics()).split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const space = line.lastIndexOf(' ');
      samples.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
    return samples;
  };
  return { metrics, run, scrape };
}

describe('CallMetrics', () => {
  it('shows 0 for every prepared method and code, in the spelling of Go', async () => {
    const { metrics, scrape } = setUp();
    metrics.prepare([unary, stream]);
    const samples = await scrape();
    expect(samples.get(`grpc_server_started_total{${UNARY}}`)).toBe(0);
    expect(samples.get(`grpc_server_handled_total{${UNARY},grpc_code="Canceled"}`)).toBe(0);
    expect(samples.get(`grpc_server_handling_seconds_count{${STREAM}}`)).toBe(0);
    expect([...samples.keys()].filter((name) => name.startsWith('grpc_server_handled_total'))).toHaveLength(
      34,
    );
  });

  it('counts calls by the code they ended with, and times them cumulatively', async () => {
    const { run, scrape } = setUp({ buckets: [0.01, 0.1] });
    for (const [code, durationMs] of [
      [status.OK, 10],
      [status.OK, 50],
      [status.NOT_FOUND, 500],
    ] as const) {
      const call = new FakeCall({ method: unary });
      run(call);
      call.finish({ code, durationMs });
    }
    const samples = await scrape();
    expect(samples.get(`grpc_server_handled_total{${UNARY},grpc_code="OK"}`)).toBe(2);
    expect(samples.get(`grpc_server_handled_total{${UNARY},grpc_code="NotFound"}`)).toBe(1);
    const bucket = (le: string) => samples.get(`grpc_server_handling_seconds_bucket{${UNARY},le="${le}"}`);
    expect([bucket('0.01'), bucket('0.1'), bucket('+Inf')]).toEqual([1, 2, 3]);
    expect(samples.get(`grpc_server_handling_seconds_count{${UNARY}}`)).toBe(3);
    expect(samples.get(`grpc_server_handling_seconds_sum{${UNARY}}`)).toBeCloseTo(0.56);
  });

  it('counts the messages of a stream while it runs, and no message twice', async () => {
    const { run, scrape } = setUp();
    const call = new FakeCall({ method: stream });
    run(call);
    call.receive({});
    for (let i = 0; i < 3; i++) call.send({});
    const running = await scrape();
    expect(running.get(`grpc_server_msg_sent_total{${STREAM}}`)).toBe(3);
    expect(running.get(`grpc_server_in_flight{${STREAM}}`)).toBe(1);
    call.send({});
    call.finish();
    const ended = await scrape();
    expect(ended.get(`grpc_server_msg_received_total{${STREAM}}`)).toBe(1);
    expect(ended.get(`grpc_server_msg_sent_total{${STREAM}}`)).toBe(4);
    expect(ended.get(`grpc_server_in_flight{${STREAM}}`)).toBe(0);
  });

  it('has one series for methods that no service has, of the codes met', async () => {
    const { run, scrape } = setUp({ codeNames: 'grpc' });
    for (let i = 0; i < 2; i++) {
      const call = new FakeCall({ method: UNKNOWN_METHOD });
      run(call);
      call.finish({ code: status.UNIMPLEMENTED });
    }
    const handled = [...(await scrape())].filter(([name]) => name.startsWith('grpc_server_handled_total'));
    expect(handled).toEqual([
      [
        'grpc_server_handled_total{grpc_type="unknown",grpc_service="_OTHER",grpc_method="_OTHER",grpc_code="UNIMPLEMENTED"}',
        2,
      ],
    ]);
  });

  it("has the client's names on the client", async () => {
    const { metrics, scrape } = setUp({ side: 'client' });
    metrics.prepare([unary]);
    for (const name of (await scrape()).keys()) expect(name).toMatch(/^grpc_client_/);
  });
});
