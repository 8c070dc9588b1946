import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import type { Clock } from '../../clock.js';
import type { AskedTraces } from '../../traces/asked-traces.js';
import { badRequest, conflict } from '../access/refusal.js';
import type { AdminRoute, Exchange } from '../access/route.js';
import type { TraceNextAnswer } from '../answers/process.js';
import { cpuProfile } from './cpu-profile.js';

/** What is looked into. */
export interface DebugParts {
  readonly clock: Clock;
  /** `undefined` where no spans are made. */
  readonly asked: AskedTraces | undefined;
  /** Paths of the methods served. */
  readonly methods: () => readonly string[];
  /** In names of files. */
  readonly instance: string;
}

const DEFAULT_SECONDS = 10;
const MAX_SECONDS = 60;
const MAX_CALLS = 1000;
const ASKED_FOR_MS = 600_000;

/** `/debug/profile`, `/debug/heap` and `/debug/trace-next`. */
export function debugRoutes(parts: DebugParts): AdminRoute[] {
  const alone = oneAtATime();
  return [
    {
      method: 'GET',
      path: '/debug/profile',
      needs: 'token',
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
      handle: ({ query }) => askForTraces(parts, query),
    },
  ];
}

/** Each costs the whole process something, and two of them more than it has. */
function oneAtATime(): (what: string, work: () => Promise<undefined>) => Promise<undefined> {
  let running: string | undefined;
  return async (what, work) => {
    if (running !== undefined) throw conflict(`${running} is being taken; ask again when it is done`);
    running = what;
    try {
      return await work();
    } finally {
      running = undefined;
    }
  };
}

async function sendProfile({ instance }: DebugParts, { query, response }: Exchange): Promise<undefined> {
  const seconds = numberOf(query, 'seconds', DEFAULT_SECONDS, MAX_SECONDS);
  const left = new AbortController();
  response.once('close', () => left.abort());
  const profile = await cpuProfile(seconds, left.signal);
  attach(response, `${instance}.cpuprofile`);
  response.end(profile);
  return undefined;
}

/** As it is made: the process has no room for it beside the heap itself. */
async function sendHeap({ instance }: DebugParts, { response }: Exchange): Promise<undefined> {
  attach(response, `${instance}.heapsnapshot`);
  // Who leaves early wants no more of it.
  await pipeline(getHeapSnapshot(), response).catch(() => {});
  return undefined;
}

function attach(response: Exchange['response'], file: string): void {
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Disposition', `attachment; filename="${file.replace(/[^\w.-]/g, '_')}"`);
}

function traceNextAnswer({ clock, asked }: DebugParts): TraceNextAnswer {
  return { pending: asked?.pending(clock.now()) ?? [], recorded: asked?.traces ?? [] };
}

function askForTraces(parts: DebugParts, query: URLSearchParams): TraceNextAnswer {
  const { asked, clock } = parts;
  if (!asked) {
    throw conflict(
      'there is nowhere to send spans to: set Tracing.Otlp.Endpoint or Zipkin.Hosts, and leave GRPCServer.OpenTracing on',
    );
  }
  const method = query.get('method') ?? '*';
  const known = parts.methods();
  if (method !== '*' && !known.includes(method)) {
    throw badRequest(`method is one of ${known.join(', ')}, or * for all`);
  }
  asked.ask(method, numberOf(query, 'n', 1, MAX_CALLS), clock.now() + ASKED_FOR_MS);
  return traceNextAnswer(parts);
}

/** @throws {Refusal} when it is no whole number from 1 to `most`. */
function numberOf(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name) ?? String(otherwise);
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw badRequest(`${name} is a whole number from 1 to ${most}`);
}
