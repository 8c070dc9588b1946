import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { WireRefusal } from '../call/wire-engine.js';
import { countWireRefusals, reportWireRefusals } from './wire-refusals.js';

const FLOOD: WireRefusal = {
  reason: 'reset-flood',
  detail: 'too many streams reset',
  peer: '10.0.0.1:4000',
  scope: 'connection',
};

describe('what the wire refused', () => {
  it('is counted by reason and scope, which exist from the start', async () => {
    const registry = new Registry();
    const count = countWireRefusals(registry);
    const value = async (labels: string) =>
      (await registry.metrics())
        .split('\n')
        .find((line) => line.startsWith(`kun_wire_refusals_total{${labels}}`));
    expect(await value('reason="headers-too-large",scope="stream"')).toMatch(/ 0$/);
    count(FLOOD);
    count(FLOOD);
    expect(await value('reason="reset-flood",scope="connection"')).toMatch(/ 2$/);
    expect(await value('reason="reset-flood",scope="stream"')).toBeUndefined();
  });

  it('is told with the address, each reason at a pace of its own', () => {
    const lines: Array<readonly [level: string, fields: object, message: string]> = [];
    const at = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
    let now = 0;
    const report = reportWireRefusals({ warn: at('warn'), debug: at('debug') } as never, { now: () => now });
    for (let flood = 0; flood < 1000; flood++) report(FLOOD);
    expect(lines).toHaveLength(20);
    report({ ...FLOOD, reason: 'going-away', scope: 'stream' });
    now = 1000;
    report(FLOOD);
    expect(lines.at(-2)).toMatchObject(['debug', { reason: 'going-away' }, 'refused a call']);
    expect(lines.at(-1)).toEqual([
      'warn',
      {
        reason: 'reset-flood',
        detail: 'too many streams reset',
        'peer.address': '10.0.0.1:4000',
        'log.skipped': 980,
      },
      'cut a connection',
    ]);
  });
});
