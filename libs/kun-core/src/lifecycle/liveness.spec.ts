import { describe, expect, it } from 'vitest';
import { Liveness } from './liveness.js';

describe('Liveness', () => {
  it('is alive until told otherwise', async () => {
    const liveness = new Liveness();
    expect(await liveness.report()).toEqual({ service: { status: 'up' } });
    liveness.setDead('lost the lease');
    expect(liveness.reasons).toEqual(['lost the lease']);
    expect(await liveness.report()).toEqual({ service: { status: 'down', reason: 'lost the lease' } });
    liveness.setAlive();
    expect(liveness.isAlive).toBe(true);
  });

  it('depends on its checks, and knows their last answer', async () => {
    const liveness = new Liveness();
    const remove = liveness.addCheck('worker', () => false);
    expect(liveness.isAlive).toBe(true);
    expect(await liveness.report()).toMatchObject({ service: { status: 'up' }, worker: { status: 'down' } });
    expect(liveness.reasons).toEqual(['check worker fails']);
    remove();
    expect(liveness.isAlive).toBe(true);
  });
});
