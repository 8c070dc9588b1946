import {
  compressionAlgorithms,
  Metadata,
  status,
  type Client,
  type ClientDuplexStream,
  type StatusObject,
} from '@grpc/grpc-js';
import { samplesOf } from '../metrics-text.js';
import { KINDS as SERVICE, type Note } from '../../fixtures/kinds.module.js';
import { textOf, type CallScript } from './script.js';
import { addTo, normalMetadata, type ScriptedService } from './scripted-service.js';

/** All that can be seen of a call. */
export interface Observation {
  readonly caller: object;
  readonly handler: unknown;
  readonly line: object;
}

/** What of the log line does not tell time, address or chance. */
const LINE = ['level', 'grpc.code', 'grpc.method', 'grpc.method_type', 'grpc.error', 'grpc.ended_by'];

/** Which of the two notices first that a deadline has passed is chance. */
const RACED = LINE.filter((name) => name !== 'grpc.error' && name !== 'grpc.ended_by');

/** How long a call may take whose deadline must pass. */
const SHORT_MS = 200;
const LONG_MS = 60_000;

/**
 * Plays calls at once, over one connection, and says what was seen of each, and how the counters moved. `meanwhile` is done
 * once all handlers have their calls; counters that cannot be asked for after it are none.
 */
export async function play(
  scripted: ScriptedService,
  calls: readonly CallScript[],
  prefix: string,
  meanwhile?: () => Promise<unknown>,
): Promise<{ readonly calls: Observation[]; readonly counted: Readonly<Record<string, number>> }> {
  const { service, views } = scripted;
  await scripted.pace(calls.filter(isCancelled).length);
  const before = await counters(scripted);
  const clients = new Map<boolean, Client>();
  const clientFor = (compressed: boolean): Client => {
    const algorithm = compressed ? compressionAlgorithms.gzip : compressionAlgorithms.identity;
    const made =
      clients.get(compressed) ??
      service.grpcClient(SERVICE, {
        'grpc.default_compression_algorithm': algorithm,
      });
    clients.set(compressed, made);
    return made;
  };
  const all = Promise.all(calls.map((_, index) => scripted.begun(`${prefix}.${index}`)));
  const done = meanwhile && all.then(meanwhile);
  const observations = await Promise.all(
    calls.map(async (script, index) => {
      const id = `${prefix}.${index}`;
      const caller = await playOne(scripted, clientFor(script.compressed), script, id);
      const line = await service.logs.waitFor(
        (each) => each.msg === 'finished call' && each['request_id'] === id,
      );
      return {
        caller,
        // One whose deadline is short may not have been called any more; what it was told is in docs/engines.md.
        handler: byDeadline(script) ? undefined : views.get(id),
        line: Object.fromEntries((byDeadline(script) ? RACED : LINE).map((name) => [name, line[name]])),
      };
    }),
  );
  for (const client of clients.values()) client.close();
  await done;
  const after = meanwhile ? before : await counters(scripted);
  const counted = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)] as const);
  return { calls: observations, counted: Object.fromEntries(counted.filter(([, moved]) => moved !== 0)) };
}

async function playOne(
  scripted: ScriptedService,
  client: Client,
  script: CallScript,
  id: string,
): Promise<object> {
  const { kind, requests, handler } = script;
  const waits = handler.end === 'waits';
  const requestStream = kind === 'Collect' || kind === 'Chat';
  const responseStream = kind === 'Watch' || kind === 'Chat';
  const metadata = new Metadata();
  addTo(metadata, script.metadata);
  metadata.set('x-call', id);
  metadata.set('x-request-id', id);
  metadata.set('x-script-bin', Buffer.from(JSON.stringify(handler)));
  const timeoutMs = byDeadline(script) ? SHORT_MS : LONG_MS;
  const options = byDeadline(script) || script.deadline ? { deadline: Date.now() + timeoutMs } : {};
  const texts: string[] = [];
  const rpc = Reflect.get(client, kind) as (...args: unknown[]) => ClientDuplexStream<unknown, Note>;
  const notes = requests.map((size, seq) => ({ text: textOf(size, seq), n: seq }));
  const single = (_error: unknown, note?: Note) => note && texts.push(note.text);
  const call = rpc.call(
    client,
    ...(requestStream ? [] : [notes[0]]),
    metadata,
    options,
    ...(responseStream ? [] : [single]),
  );
  let headers: Metadata | undefined;
  call.on('metadata', (received: Metadata) => (headers = received));
  call.on('error', () => {});
  const ended = new Promise<StatusObject>((resolve) => call.on('status', resolve));
  // The status may be told before the last messages are.
  const read = new Promise<void>((resolve) => call.on('end', resolve).on('error', () => resolve()));
  const expected = waits && kind === 'Watch' ? handler.answers.length : 0;
  let enough = (): void => {};
  const received = new Promise<void>((resolve) => (enough = resolve));
  if (responseStream) {
    call.on('data', ({ text }: Note) => {
      texts.push(text);
      if (texts.length >= expected) enough();
      if (!script.slowReader) return;
      call.pause();
      setImmediate(() => call.resume());
    });
  }
  if (requestStream) {
    for (const note of notes) call.write(note);
    // One that is not read to its end need not be told apart from one that is.
    if (script.halfCloses || !waits) call.end();
  }
  if (waits && !byDeadline(script)) {
    await Promise.race([scripted.waiting(id), ended]);
    if (expected > 0) await Promise.race([received, ended]);
    call.cancel();
  }
  const { code, details, metadata: trailers } = await ended;
  if (responseStream) await read;
  return {
    code,
    // Of OK see docs/engines.md; of its deadline the client speaks itself.
    details: code === status.OK || (waits && code === status.DEADLINE_EXCEEDED) ? '' : details,
    texts: waits && kind === 'Chat' ? 'some' : texts,
    metadata: { ...normalMetadata(headers), ...normalMetadata(trailers) },
    statusDetails: trailers.get('grpc-status-details-bin').map(String),
  };
}

function isCancelled({ handler: { end } }: CallScript): boolean {
  return end === 'waits' || (end !== 'well' && end.code === status.CANCELLED);
}

function byDeadline({ handler, leaves }: CallScript): boolean {
  return handler.end === 'waits' && leaves === 'deadline';
}

/** What is counted of calls, by the labels that do not tell time. */
async function counters({ service }: ScriptedService): Promise<Record<string, number>> {
  const counted = /^grpc_server_(?:started|handled)_total$/;
  const samples = samplesOf(await service.metrics()).filter(({ name }) => counted.test(name));
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [`${name} ${JSON.stringify(labels)}`, value]),
  );
}
