import { KunClientModule, clientToken, type CallOptions, type KunRuntime } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { kindsModule, type Note } from '../../fixtures/kinds.module.js';
import { kindsController, type KindsHandlers } from '../kinds-controller.js';

/** The typed client of `kinds.proto`. */
export interface KindsClient {
  unary(request: Partial<Note>, options?: CallOptions): Promise<Note>;
  watch(request: Partial<Note>, options?: CallOptions): AsyncIterable<Note>;
  collect(requests: AsyncIterable<Partial<Note>>, options?: CallOptions): Promise<Note>;
  chat(requests: AsyncIterable<Partial<Note>>, options?: CallOptions): AsyncIterable<Note>;
}

export interface LinkedOptions extends Pick<KunRuntime, 'spanExporters'> {
  /** Where its upstream `next` is; without one it has no upstream. */
  readonly next?: string;
  /** Keys of `Upstreams.next`. */
  readonly upstream?: Readonly<Record<string, unknown>>;
  /** Other configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly instance?: string;
  /** What it does; default: forward every call to `next`. */
  readonly handlers?: KindsHandlers;
}

/** A service within the test that has `next` for an upstream. */
export interface LinkedService extends TestService {
  readonly next: KindsClient;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a service of `kinds.proto`; start the last of a chain first. */
export async function startLinked(options: LinkedOptions = {}): Promise<LinkedService> {
  let next: KindsClient | undefined;
  const client = (): KindsClient => {
    if (!next) throw new Error('this service has no upstream');
    return next;
  };
  const proto = { package: 'kun.test.v1', path: 'kinds.proto' };
  const imports =
    options.next === undefined
      ? []
      : [KunClientModule.register([{ name: 'next', service: 'Kinds', ...proto }])];
  const service = await startTestService(
    kindsModule({ controllers: [kindsController(options.handlers ?? forwardTo(client))], imports }),
    {
      env: options.instance === undefined ? {} : { KUN_INSTANCE: options.instance },
      overrides: {
        ...options.config,
        ...(options.next !== undefined && {
          Upstreams: { next: { Target: options.next, ...options.upstream } },
        }),
      },
      ...(options.spanExporters && { spanExporters: options.spanExporters }),
      prepare(app) {
        if (options.next !== undefined) next = app.get<KindsClient>(clientToken('next'));
      },
    },
  );
  return {
    ...service,
    get next() {
      return client();
    },
    [Symbol.asyncDispose]: async () => void (await service.close()),
  };
}

/** Handlers that pass every call on. */
export function forwardTo(next: () => KindsClient): KindsHandlers {
  return {
    unary: (request) => next().unary(request),
    watch: (request) => next().watch(request),
    collect: (requests) => next().collect(requests),
    chat: (requests) => next().chat(requests),
  };
}

/** A call of a kind through a typed client, to its end: the answers that came, and the error if it failed. */
export async function callKind(
  client: KindsClient,
  kind: (typeof KINDS_METHODS)[number],
  options?: CallOptions,
  requests: ReadonlyArray<Partial<Note>> = [{ text: 'a' }],
): Promise<{ readonly answers: readonly Note[]; readonly error?: unknown }> {
  const answers: Note[] = [];
  const first = requests[0] ?? {};
  try {
    if (kind === 'unary') answers.push(await client.unary(first, options));
    if (kind === 'collect') answers.push(await client.collect(streamOf(requests), options));
    const stream =
      kind === 'watch'
        ? client.watch(first, options)
        : kind === 'chat'
          ? client.chat(streamOf(requests), options)
          : [];
    for await (const answer of stream) answers.push(answer);
    return { answers };
  } catch (error) {
    return { answers, error };
  }
}

/** The methods of a typed client of `kinds.proto`, one of each kind. */
export const KINDS_METHODS = ['unary', 'watch', 'collect', 'chat'] as const;

export async function* streamOf<T>(messages: readonly T[]): AsyncGenerator<T> {
  yield* messages;
}
