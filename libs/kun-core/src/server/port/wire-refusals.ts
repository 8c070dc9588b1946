import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Clock } from '../../clock.js';
import { CALLERS_LINES, LineSampler } from '../../logs/line-sampler.js';
import { WIRE_REFUSALS, type WireRefusal } from '../call/wire-engine.js';

/**
 * `kun_wire_refusals_total{reason, scope}`: what the wire refused or ended by itself; `scope` is one call (`stream`) or
 * a whole `connection`. All possible label values are initialized to 0, so that the first refusal shows as an increase.
 */
export function countWireRefusals(registry: Registry): (refusal: WireRefusal) => void {
  const counter = new Counter<'reason' | 'scope'>({
    name: 'kun_wire_refusals_total',
    help: 'Calls and connections that the server refused or ended because of what their peer did',
    labelNames: ['reason', 'scope'],
    registers: [registry],
  });
  for (const [reason, scopes] of Object.entries(WIRE_REFUSALS)) {
    for (const scope of scopes) counter.inc({ reason, scope }, 0);
  }
  return ({ reason, scope }) => counter.inc({ reason, scope });
}

/**
 * Logs what the wire refused, for each reason as many as {@link CALLERS_LINES} allows. Of the peer, only its address is
 * logged.
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
    // A caller that had not yet seen our GOAWAY retries elsewhere; other refusals have their own log line.
    const level = scope === 'stream' && TOLD_OTHERWISE.has(reason) ? 'debug' : 'warn';
    logger[level](fields, scope === 'stream' ? 'refused a call' : 'cut a connection');
  };
}

/** Refused calls that have their own log line, and those that are nobody's fault. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['going-away', 'headers-too-large', 'message-too-large']);
