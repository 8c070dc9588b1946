import { describe, expect, it } from 'vitest';
import { Identity } from '../identity/identity.js';
import { hasReader, startSummary } from './start-summary.js';

const identity = new Identity({
  domain: '',
  namespace: 'default',
  cluster: 'local',
  service: 'shop',
  instance: 'dev-1',
});

describe('the summary of a start', () => {
  it('lists the addresses, the files read and the features enabled, and omits absent ones', () => {
    const layers = [
      { name: 'Namespace', file: '/app/conf/public.yaml', found: false },
      { name: 'Service', file: '/app/conf/shop/public.yaml', found: true },
    ] as const;
    const text = startSummary({
      identity,
      ports: { grpc: 50051, admin: 8081 },
      layers,
      mcp: true,
      on: ['reflection'],
      cwd: '/app',
    });
    expect(text.split('\n')).toEqual([
      '',
      'shop is serving as local/dev-1; Ctrl-C stops it',
      '  gRPC   localhost:50051',
      '  admin  http://localhost:8081',
      '  mcp    http://localhost:8081/mcp',
      '  conf   conf/shop/public.yaml',
      '  on     reflection',
      '',
    ]);
  });

  it('is for a terminal outside of Kubernetes, where lines go where they go by default', () => {
    const terminal = { isTTY: true };
    const outside = { inKubernetes: false };
    expect(hasReader(outside, { stdout: terminal, ownDestination: false })).toBe(true);
    expect(hasReader(outside, { stdout: {}, ownDestination: false })).toBe(false);
    expect(hasReader(outside, { stdout: terminal, ownDestination: true })).toBe(false);
    expect(hasReader({ inKubernetes: true }, { stdout: terminal, ownDestination: false })).toBe(false);
  });
});
