import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import type { Clock } from '../../clock.js';
import type { AskedTraces } from '../../traces/asked-traces.js';
import { badRequest, conflict } from '../access/http-error.js';
import type { AdminRoute, HttpExchange } from '../access/route.js';
import type { TraceNextAnswer } from '../answers/process.js';
import { cpuProfile } from './cpu-profile.js';
import type { OneAtATime } from './one-at-a-time.js';

/** The collaborators for recording traces on request. */
export interface TraceNextParts {
  readonly clock: Clock;
  /** `undefined` when tracing is off. */
  readonly asked: AskedTraces | undefined;
  /** Paths of the methods served. */
  readonly methods: () => readonly string[];
}

/** The collaborators of the debug routes. */
export interface DebugParts extends TraceNextParts {
  /** Runs expensive work one at a time. */
  readonly alone: OneAtATime;
  /** In names of files. */
  readonly instance: string;
}

const DEFAULT_SECONDS = 10;
const MAX_SECONDS = 60;
/** How many calls of a method may be requested at once. */
export const MAX_CALLS = 1000;
const ASKED_FOR_MS = 600_000;

/** `/debug/profile`, `/debug/heap` and `/debug/trace-next`. */
export function debugRoutes(parts: DebugParts): AdminRoute[] {
  const { alone } = parts;
  return [
    {
      method: 'GET',
      path: '/debug/profile',
      needs: 'token',
      query: ['seconds'],
      handle: (exchange) => alone('a CPU profile', () => sendProfile(parts, exchange)),
    },
    {
      method: 'GET',
      path: '/debug/heap',
      needs: 'token',
      handle: (exchange) => alone('a heap snapshot', () => sendHeap(parts, exchange)),
    },
    { method: 'GET', path: '/debug/trace-next', needs: 'reading', handle: () => traceNextAnswer(parts) },
    {
      method: 'POST',
      path: '/debug/trace-next',
      needs: 'token',
      query: ['method', 'n'],
      handle: ({ query }) =>
        askForTraces(parts, query.get('method') ?? '*', numberOf(query, 'n', 1, MAX_CALLS)),
    },
  ];
}

async function sendProfile({ instance }: DebugParts, { query, response }: HttpExchange): Promise<undefined> {
  const seconds = numberOf(query, 'seconds', DEFAULT_SECONDS, MAX_SECONDS);
  const left = new AbortController();
  response.once('close', () => left.abort());
  const profile = await cpuProfile(seconds, left.signal);
  attach(response, `${instance}.cpuprofile`);
  response.end(JSON.stringify(profile));
  return undefined;
}

/** Streams the snapshot: the process has no room for it beside the heap itself. */
async function sendHeap({ instance }: DebugParts, { response }: HttpExchange): Promise<undefined> {
  attach(response, `${instance}.heapsnapshot`);
  // The client has disconnected.
  await pipeline(getHeapSnapshot(), response).catch(() => {});
  return undefined;
}

function attach(response: HttpExchange['response'], file: string): void {
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Disposition', `attachment; filename="${file.replace(/[^\w.-]/g, '_')}"`);
}

/** The answer of `/debug/trace-next`. */
export function traceNextAnswer({ clock, asked }: TraceNextParts): TraceNextAnswer {
  return { pending: asked?.pending(clock.now()) ?? [], recorded: asked?.traces ?? [] };
}

/** @throws {HttpError} when the method is not served, or tracing is off. */
export function askForTraces(parts: TraceNextParts, method: string, calls: number): TraceNextAnswer {
  const { asked, clock } = parts;
  if (!asked) {
    throw conflict(
      'there is nowhere to send spans to: set Tracing.Otlp.Endpoint or Zipkin.Hosts, and leave GRPCServer.OpenTracing on',
    );
  }
  const known = parts.methods();
  if (method !== '*' && !known.includes(method)) {
    throw badRequest(`method is one of ${known.join(', ')}, or * for all`);
  }
  asked.ask(method, calls, clock.now() + ASKED_FOR_MS);
  return traceNextAnswer(parts);
}

/** @throws {HttpError} when it is not a whole number from 1 to `most`. */
function numberOf(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name) ?? String(otherwise);
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw badRequest(`${name} is a whole number from 1 to ${most}`);
}
