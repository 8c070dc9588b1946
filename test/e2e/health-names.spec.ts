import { status, credentials, makeGenericClientConstructor, type Client } from '@grpc/grpc-js';
import { Lifecycle, Liveness, Readiness } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kindsModule } from '../fixtures/kinds.module.js';
import { call, startCall } from './call.js';
import { kindsController } from './kinds-controller.js';
import { serviceIn } from './spawned-service.js';

// Kubernetes' gRPC probes name what they ask for by the field `service`.

let service: TestService;
let health: Client;

beforeEach(async () => {
  const controllers = [kindsController({ unary: () => ({ text: 'here' }) })];
  service = await startTestService(kindsModule({ controllers }));
  const Health = makeGenericClientConstructor(serviceIn(HEALTH_PROTO, 'grpc.health.v1.Health'), 'Health');
  health = new Health(service.grpcAddress, credentials.createInsecure());
});
afterEach(async () => {
  health.close();
  await service.close();
});

async function state(name: string): Promise<unknown> {
  const { code, messages } = await call(health, 'Check', { requests: [{ service: name }] });
  return code === status.OK ? messages[0]?.['status'] : code;
}

const all = async () => Promise.all(['liveness', 'readiness', 'startup', ''].map(state));

it('liveness, readiness and startup answer as their paths do', async () => {
  expect(await all()).toEqual(['SERVING', 'SERVING', 'SERVING', 'SERVING']);
  service.app.get(Readiness).setDead('cold');
  expect(await all()).toEqual(['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING']);
  service.app.get(Readiness).setAlive();
  service.app.get(Liveness).setDead('deadlock');
  expect(await all()).toEqual(['NOT_SERVING', 'SERVING', 'SERVING', 'SERVING']);
  service.app.get(Liveness).setAlive();
  expect(await all()).toEqual(['SERVING', 'SERVING', 'SERVING', 'SERVING']);
  expect(await state('nobody')).toBe(status.NOT_FOUND);
});

it('liveness runs its checks when it is asked, and tells those who watch', async () => {
  const watch = startCall(health, 'Watch', { requests: [{ service: 'liveness' }] });
  await watch.received(1);
  let up = true;
  service.app.get(Liveness).addCheck('loop', () => up, { cacheMs: 0 });
  expect(await state('liveness')).toBe('SERVING');
  up = false;
  expect(await state('liveness')).toBe('NOT_SERVING');
  up = true;
  expect(await state('liveness')).toBe('SERVING');
  await watch.received(3);
  expect(watch.messages.map((message) => message['status'])).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
  watch.cancel();
});

it('a drain is no reason to restart', async () => {
  const watch = startCall(health, 'Watch', { requests: [{ service: 'liveness' }] });
  await watch.received(1);
  service.app.get(Lifecycle).onStop('late', () => {});
  await service.close();
  const { messages } = await watch.outcome;
  expect(messages.map((message) => message['status'])).toEqual(['SERVING']);
});
