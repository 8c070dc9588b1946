import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { AcceptError } from './listener.js';
import { countRefusedConnections, reportRefusedConnections } from './refused-connections.js';

const LOST = new AcceptError(new Error('accept ENFILE'));

it('counts a connection that the system could not hand over, by a reason that exists from the start', async () => {
  const registry = new Registry();
  const count = countRefusedConnections(registry);
  const series = 'kun_connections_refused_total{reason="accept"}';
  expect(await registry.metrics()).toContain(`${series} 0`);
  count(LOST);
  expect(await registry.metrics()).toContain(`${series} 1`);
});

it('logs it without a peer, which nobody knows', () => {
  const lines: unknown[][] = [];
  const report = reportRefusedConnections(
    { warn: (...line: unknown[]) => void lines.push(line) },
    { now: () => 0 },
  );
  report(LOST, undefined);
  expect(lines).toEqual([[{ err: LOST }, 'refused a connection']]);
});
