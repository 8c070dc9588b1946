import { describe, expect, it } from 'vitest';
import { Startup } from './startup.js';

describe('Startup', () => {
  it('is complete once marked', async () => {
    const startup = new Startup();
    expect(await startup.report()).toEqual({ lifecycle: { status: 'down' } });
    startup.markStarted();
    expect(startup.isStarted).toBe(true);
    expect(await startup.report()).toEqual({ lifecycle: { status: 'up' } });
  });

  it('tells the present state first, and the one change once', () => {
    const startup = new Startup();
    const early: boolean[] = [];
    const late: boolean[] = [];
    startup.changes$.subscribe((started) => early.push(started));
    startup.markStarted();
    startup.markStarted();
    startup.changes$.subscribe((started) => late.push(started));
    expect([early, late]).toEqual([[false, true], [true]]);
  });

  it('cannot be completed by a listener', () => {
    const startup = new Startup();
    expect('next' in startup.changes$).toBe(false);
    expect(startup.isStarted).toBe(false);
  });
});
