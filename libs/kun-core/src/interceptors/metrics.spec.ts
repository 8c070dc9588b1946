import { status } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { CallMetrics } from '../metrics/call-metrics.js';
import { FakeCall } from '../testing/fake-call.js';
import { metricsInterceptor } from './metrics.js';

it('counts each call once, when it starts and when it ends, and adds no promise', async () => {
  const registry = new Registry();
  const call = new FakeCall();
  const ended = metricsInterceptor(new CallMetrics(registry))(() => call.ended)(call);
  expect(ended).toBe(call.ended);
  expect(await registry.getSingleMetricAsString('grpc_server_started_total')).toMatch(/"Get"} 1$/);
  expect(await registry.getSingleMetricAsString('grpc_server_in_flight')).toMatch(/"Get"} 1$/);
  call.finish({ code: status.ABORTED });
  call.finish({ code: status.OK });
  const handled = await registry.getSingleMetricAsString('grpc_server_handled_total');
  expect(handled).toMatch(/grpc_code="Aborted"} 1$/m);
  expect(handled).toMatch(/grpc_code="OK"} 0$/m);
});
