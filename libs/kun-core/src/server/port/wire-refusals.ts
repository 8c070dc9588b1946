import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { WIRE_REFUSALS, type WireRefusal } from '../call/wire-engine.js';

/**
 * `kun_wire_refusals_total{reason, scope}`: what the wire refused or ended by itself, `scope` one call (`stream`) or a
 * whole `connection`. Those that can be are there from the start, at 0, so that a first one is an increase.
 */
export function countWireRefusals(registry: Registry): (refusal: WireRefusal) => void {
  const counter = new Counter<'reason' | 'scope'>({
    name: 'kun_wire_refusals_total',
    help: 'Calls and connections that the server refused or ended for what their peer did',
    labelNames: ['reason', 'scope'],
    registers: [registry],
  });
  for (const [reason, scopes] of Object.entries(WIRE_REFUSALS)) {
    for (const scope of scopes) counter.inc({ reason, scope }, 0);
  }
  return ({ reason, scope }) => counter.inc({ reason, scope });
}

/**
 * Writes a line for what the wire refused, of each reason as many as {@link CALLERS_LINES} allows. Nothing that the peer
 * sent is in it but the address it came from.
 */
export function reportWireRefusals(
  logger: Pick<Logger, 'warn' | 'debug'>,
  clock: Pick<Clock, 'now'>,
): (refusal: WireRefusal) => void {
  const samplers = new Map<string, LineSampler>();
  return ({ reason, detail, peer, scope }) => {
    const kind = `${scope} ${reason}`;
    let sampler = samplers.get(kind);
    if (!sampler) samplers.set(kind, (sampler = new LineSampler(CALLERS_LINES)));
    const skipped = sampler.take(clock.now());
    if (skipped === undefined) return;
    const fields = {
      reason,
      detail,
      'peer.address': peer,
      ...(skipped > 0 && { 'log.skipped': skipped }),
    };
    // A caller that did not know yet that we leave calls again elsewhere; of others their own line tells.
    const level = scope === 'stream' && TOLD_OTHERWISE.has(reason) ? 'debug' : 'warn';
    logger[level](fields, scope === 'stream' ? 'refused a call' : 'cut a connection');
  };
}

/** Refused calls that have a line of their own, and those that are nobody's fault. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['going-away', 'headers-too-large', 'message-too-large']);
