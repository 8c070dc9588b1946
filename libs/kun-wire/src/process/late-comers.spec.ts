import { describe, expect, it } from 'vitest';
import { HELD_BACK_MS, LateComers } from './late-comers.js';

describe('an address that reconnects after a flood', () => {
  it('waits until a second after it was last disconnected', () => {
    const late = new LateComers();
    expect(late.leftMs('10.0.0.1', 0)).toBe(0);
    late.cut('10.0.0.1', 0);
    expect(late.leftMs('10.0.0.1', 400)).toBe(HELD_BACK_MS - 400);
    late.cut('10.0.0.1', 500);
    expect(late.leftMs('10.0.0.1', 1000)).toBe(500);
    expect(late.leftMs('10.0.0.1', 1500)).toBe(0);
    expect(late.leftMs('10.0.0.2', 600)).toBe(0);
    expect(late.leftMs(undefined, 600)).toBe(0);
  });

  it('is remembered, up to a number of addresses, of which the most recent count', () => {
    const late = new LateComers();
    for (let host = 0; host < 5000; host++) late.cut(`host ${host}`, 0);
    const held = Array.from({ length: 5000 }, (_, host) => late.leftMs(`host ${host}`, 1) > 0);
    expect(held.filter(Boolean)).toHaveLength(1024);
    expect(held.at(-1)).toBe(true);
  });
});
