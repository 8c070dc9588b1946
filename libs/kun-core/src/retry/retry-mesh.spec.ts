import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { describeMethod } from '../rpc/rpc-method.js';
import { RETRY_POLICIES, type RetryPolicy } from '../settings/keys/retry-policy.js';
import { FakeCall } from '../testing/fake-call.js';
import { meshRetryInterceptor, type MeshRetryOptions } from './retry-mesh.js';
import { retryOverride, type RetryOverride } from './retry-override.js';

const BY_HAND = { 'x-envoy-retry-grpc-on': 'unavailable', 'x-envoy-retry-on': '5xx', 'x-mine': '1' };

function headers(
  options: Partial<MeshRetryOptions>,
  call: {
    streams?: boolean;
    idempotent?: boolean;
    sent?: Record<string, string>;
    retry?: RetryOverride;
  } = {},
): object {
  const method = describeMethod('/test.v1.TestService/Get', {
    requestStream: false,
    responseStream: call.streams ?? false,
    options: { idempotency_level: call.idempotent ? 'IDEMPOTENT' : undefined },
  });
  const fake = new FakeCall({ side: 'client', method, metadata: call.sent ?? {} });
  fake.set(retryOverride, call.retry);
  const interceptor = meshRetryInterceptor({
    by: 'mesh',
    policy: RETRY_POLICIES.safe,
    proxied: false,
    ...options,
  });
  void interceptor(() => fake.ended)(fake);
  return fake.metadata.getMap();
}

describe('meshRetryInterceptor', () => {
  it('asks the mesh to try unary calls again', () => {
    const policy: RetryPolicy = { ...RETRY_POLICIES.kunapp, maxAttempts: 4, attemptTimeoutMs: 5000 };
    expect(headers({ policy })).toEqual({
      'x-envoy-retry-grpc-on': 'internal,unavailable,cancelled,deadline-exceeded,resource-exhausted',
      'x-envoy-max-retries': '3',
      'x-envoy-upstream-rq-per-try-timeout-ms': '5000',
    });
    expect(headers({}, { idempotent: true })).toEqual({
      'x-envoy-retry-grpc-on': 'unavailable,deadline-exceeded',
      'x-envoy-max-retries': '2',
    });
  });

  it('asks for nothing that is not wanted or has no word', () => {
    const none = { 'x-envoy-max-retries': '0' };
    expect(headers({ policy: { ...RETRY_POLICIES.safe, maxAttempts: 1 } })).toEqual(none);
    expect(headers({ policy: { ...RETRY_POLICIES.safe, codes: [status.UNKNOWN] } })).toEqual(none);
    expect(headers({}, { retry: false })).toEqual(none);
  });

  it('removes the headers from streams, whoever retries', () => {
    const stream = { streams: true, sent: BY_HAND };
    expect(headers({ by: 'mesh' }, stream)).toEqual({ 'x-mine': '1', 'x-envoy-max-retries': '0' });
    expect(headers({ by: 'app' }, stream)).toEqual({ 'x-mine': '1' });
    expect(headers({ by: 'off' }, stream)).toEqual({ 'x-mine': '1' });
  });

  it('never lets two retry the same call', () => {
    expect(headers({ by: 'app' }, { sent: BY_HAND })).toEqual({ 'x-mine': '1' });
    expect(headers({ by: 'app', proxied: true }, { sent: BY_HAND })).toEqual({
      'x-mine': '1',
      'x-envoy-max-retries': '0',
    });
    expect(headers({ by: 'off' }, { sent: BY_HAND })).toEqual(BY_HAND);
  });
});
