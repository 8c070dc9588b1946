import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import { currentCall, StatusError, type RpcCall } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { kindsModule, type Note } from '../../fixtures/kinds.module.js';
import type { HandlerScript, Pairs } from './script.js';
import { textOf } from './script.js';

/** What a handler saw of its call. */
export interface HandlerView {
  readonly metadata: Readonly<Record<string, string>>;
  readonly deadline: boolean;
  readonly texts: string[];
  /** Whether the request stream was complete, or how it failed. */
  requestEnd: string;
  /** The code that it was told when nobody waited any more. */
  aborted: number | undefined;
}

/** A service whose handlers do what their callers' scripts say, and what they saw, by the caller's id of the call. */
export class ScriptedService {
  readonly views = new Map<string, HandlerView>();
  private readonly waits = new Map<string, ReturnType<typeof deferred<void>>>();
  private second = 0;
  private cancelled = 0;
  private readonly begins = new Map<string, ReturnType<typeof deferred<void>>>();
  service!: TestService;

  static async start(engine: 'kun' | 'grpc-js', settings: object = {}): Promise<ScriptedService> {
    const scripted = new ScriptedService();
    scripted.service = await startTestService(kindsModule({ controllers: [controllerOf(scripted)] }), {
      overrides: { GRPCServer: { Engine: engine, ...settings } },
    });
    return scripted;
  }

  /** Settles when the handler has answered all it has to and waits. */
  waiting(id: string): Promise<void> {
    return entryOf(this.waits, id).promise;
  }

  /** Lets so many calls be cancelled: of each method the log has 20 a second, and all of these are to be found in it. */
  async pace(cancelled: number): Promise<void> {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    this.cancelled = (second === this.second ? this.cancelled : 0) + cancelled;
    this.second = second;
    if (this.cancelled <= 14) return;
    await delay(1000 - (now % 1000));
    this.second++;
    this.cancelled = cancelled;
  }

  /** Settles when the handler has its call. */
  begun(id: string): Promise<void> {
    return entryOf(this.begins, id).promise;
  }

  begin(call: RpcCall): { readonly script: HandlerScript; readonly view: HandlerView; readonly id: string } {
    const { metadata, deadline } = call;
    const id = String(metadata.get('x-call')[0]);
    const [bytes] = metadata.get('x-script-bin');
    const script = JSON.parse(String(bytes)) as HandlerScript;
    const view: HandlerView = {
      metadata: normalMetadata(metadata),
      deadline: deadline !== Infinity,
      texts: [],
      requestEnd: 'not read',
      aborted: undefined,
    };
    this.views.set(id, view);
    entryOf(this.begins, id).resolve();
    addTo(call.responseMetadata, script.headers);
    if (typeof script.end === 'string') addTo(call.responseTrailers, script.trailers);
    return { script, view, id };
  }

  /** Ends as the script says. */
  async end(call: RpcCall, { script, view, id }: ReturnType<ScriptedService['begin']>): Promise<void> {
    const { end } = script;
    if (end === 'waits') {
      const { signal } = call;
      const gone = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve());
      });
      entryOf(this.waits, id).resolve();
      await gone;
      view.aborted = (signal.reason as StatusError).code;
      throw signal.reason as Error;
    }
    if (end === 'well') return;
    const metadata = new Metadata();
    addTo(metadata, script.trailers);
    throw new StatusError(end.code, end.message, {
      metadata,
      details: end.detail
        ? [{ type: 'google.rpc.ErrorInfo', reason: 'SCRIPT', domain: 'test', metadata: {} }]
        : [],
    });
  }
}

type Deferreds = Map<string, ReturnType<typeof deferred<void>>>;

function entryOf(entries: Deferreds, id: string): ReturnType<typeof deferred<void>> {
  const entry = entries.get(id) ?? deferred();
  entries.set(id, entry);
  return entry;
}

function controllerOf(scripted: ScriptedService) {
  const begin = () => {
    const call = currentCall()!;
    return { call, scene: scripted.begin(call) };
  };
  const read = async (notes: AsyncIterable<Note>, view: HandlerView) => {
    view.requestEnd = 'open';
    try {
      for await (const { text } of notes) view.texts.push(text);
      view.requestEnd = 'complete';
    } catch (error) {
      view.requestEnd = `failed with ${(error as StatusError).code}`;
    }
  };
  const answers = ({ answers: sizes }: HandlerScript) =>
    sizes.map((size, seq) => ({ text: textOf(size, seq), n: seq }));

  @Controller()
  class ScriptedController {
    @GrpcMethod('Kinds')
    async unary({ text }: Note): Promise<Partial<Note>> {
      const { call, scene } = begin();
      scene.view.texts.push(text);
      await scripted.end(call, scene);
      return answers(scene.script)[0] ?? {};
    }

    @GrpcMethod('Kinds')
    async *watch({ text }: Note): AsyncGenerator<Partial<Note>> {
      const { call, scene } = begin();
      scene.view.texts.push(text);
      yield* answers(scene.script);
      await scripted.end(call, scene);
    }

    @GrpcStreamMethod('Kinds')
    async collect(notes: AsyncIterable<Note>): Promise<Partial<Note>> {
      const { call, scene } = begin();
      const { script, view } = scene;
      if (script.readsFirst && script.end !== 'waits') await read(notes, view);
      await scripted.end(call, scene);
      return answers(script)[0] ?? {};
    }

    @GrpcStreamMethod('Kinds')
    async *chat(notes: AsyncIterable<Note>): AsyncGenerator<Partial<Note>> {
      const { call, scene } = begin();
      const { script, view } = scene;
      if (script.readsFirst && script.end !== 'waits') await read(notes, view);
      yield* answers(script);
      await scripted.end(call, scene);
    }
  }
  return ScriptedController;
}

/** Adds metadata as scripts have it. */
export function addTo(metadata: Metadata, pairs: Pairs): void {
  for (const [name, value] of pairs)
    metadata.add(name, name.endsWith('-bin') ? Buffer.from(value, 'hex') : value);
}

/** The tests' own, with several values in one text: see `values of one name in a request` in docs/engines.md. */
export function normalMetadata(metadata: Metadata | undefined): Record<string, string> {
  const lists = (metadata?.toJSON() ?? {}) as Record<string, Array<string | Buffer>>;
  const own = Object.entries(lists).filter(
    ([name]) => name.startsWith('x-') && !['x-call', 'x-script-bin', 'x-request-id'].includes(name),
  );
  return Object.fromEntries(
    own.map(([name, values]) => [
      name,
      values.map((value) => (typeof value === 'string' ? value : value.toString('hex'))).join(', '),
    ]),
  );
}
