import { status } from '@grpc/grpc-js';
import {
  Injectable,
  NotFoundException,
  UseGuards,
  UseInterceptors,
  type CanActivate,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import {
  badRequest,
  currentCall,
  errorInfo,
  notFound,
  retryInfo,
  unauthenticated,
  unavailable,
  validationExceptionFactory,
  type Ending,
} from '@kun/core';
import type { Outcome } from '../call.js';
import {
  checkedByClassValidator,
  checkedByStandardSchema,
  empty,
  iterating,
  observing,
  validatingItself,
  type Act,
  type MakeController,
} from './case-controllers.js';
import type { Caller, Kind } from './caller.js';

/** How a call is to end. */
export interface Expected {
  readonly code: status;
  /** Default: status */
  readonly by?: ReadonlyArray<Ending['cause']>;
  /** What the caller is told, or `undefined` for whatever. */
  readonly message?: string | undefined;
}

/** A service of the table, whose four methods end alike. */
export interface Case {
  readonly service: string;
  /** None: the service is not served. */
  readonly controller?: MakeController;
  readonly expected: (kind: Kind) => Expected;
  /** Default: a call with two requests (one where there can only be one), taken to its end. */
  readonly call?: (caller: Caller) => Promise<Outcome | undefined>;
  /**
   * `alone`: when no others are under way, since a busy process takes the headers late, and counts the caller's timeout
   * from then. `to the stop`: until the service is stopped. Default: with the others
   */
  readonly when?: 'alone' | 'to the stop';
}

const REQUEST = { text: 'request', n: 1 };
const TOO_LARGE = 'x'.repeat(100 * 1024);
/** Of {@link TOO_LARGE} and of all other messages. */
export const MAX_MESSAGE_BYTES = 64 * 1024;

/** The cases whose handlers differ; each is held with handlers that iterate and with handlers of Observables. */
const ACTS: ReadonlyArray<Omit<Case, 'controller' | 'expected'> & { act: Act; expected: Expected }> = [
  { service: 'Ok', act: () => ({ text: 'done' }), expected: { code: status.OK } },
  {
    service: 'Details',
    act: () => {
      throw notFound('no note "ä" at 100 %', {
        details: [
          errorInfo({ reason: 'NO_NOTE', domain: 'kun.test' }),
          retryInfo({ retryDelayMs: 1500 }),
          badRequest({ fieldViolations: [{ field: 'n', description: 'unknown' }] }),
        ],
      });
    },
    expected: { code: status.NOT_FOUND, message: 'no note "ä" at 100 %' },
  },
  {
    service: 'Throw',
    act: () => {
      throw new Error('the password is 1234');
    },
    expected: { code: status.INTERNAL, message: 'Internal server error' },
  },
  {
    service: 'ThrowLater',
    act: () => new Promise((_, reject) => setImmediate(reject, new Error('the password is 1234'))),
    expected: { code: status.INTERNAL, message: 'Internal server error' },
  },
  {
    service: 'ThrowNothing',
    act: () => Promise.reject(undefined),
    expected: { code: status.INTERNAL, message: 'Internal server error' },
  },
  {
    service: 'ThrowRpcException',
    act: () => {
      throw new RpcException({ code: status.ABORTED, message: 'once more' });
    },
    expected: { code: status.ABORTED, message: 'once more' },
  },
  {
    service: 'ThrowHttpException',
    act: () => {
      throw new NotFoundException('no such note');
    },
    expected: { code: status.NOT_FOUND, message: 'no such note' },
  },
  { service: 'Unserialisable', act: () => ({ labels: 'no list' }), expected: { code: status.INTERNAL } },
  {
    service: 'OversizeResponse',
    act: () => ({ text: TOO_LARGE }),
    expected: { code: status.RESOURCE_EXHAUSTED },
  },
  {
    service: 'Cancel',
    act: untilAborted,
    expected: { code: status.CANCELLED, by: ['reset'] },
    call: (caller) => cancelled(caller, { timeoutMs: 60_000 }),
  },
  {
    service: 'CancelThenThrow',
    act: async () => {
      await untilAborted().catch(() => undefined);
      throw new Error('too late to be answered');
    },
    expected: { code: status.CANCELLED, by: ['reset'] },
    call: (caller) => cancelled(caller, {}),
  },
  {
    service: 'CancelThenReturn',
    act: () => untilAborted().catch(() => ({ text: 'too late to be sent' })),
    expected: { code: status.CANCELLED, by: ['reset'] },
    call: (caller) => cancelled(caller, {}),
  },
  {
    service: 'CancelAtDeadline',
    act: untilAborted,
    expected: { code: status.DEADLINE_EXCEEDED, by: ['reset', 'status'] },
    // Written by hand, so that no timer of the caller's own is as fast.
    call: (caller) => cancelled(caller, { metadata: { 'grpc-timeout': '40m' } }),
    when: 'alone',
  },
  {
    service: 'Deadline',
    act: untilAborted,
    expected: { code: status.DEADLINE_EXCEEDED, by: ['reset', 'status'] },
    call: (caller) => caller.start({ timeoutMs: 300, open: true }).outcome,
    when: 'alone',
  },
  {
    service: 'DeadlineOfServer',
    act: untilAborted,
    expected: { code: status.DEADLINE_EXCEEDED },
    call: (caller) => caller.start({ metadata: { 'grpc-timeout': '300m' }, open: true }).outcome,
  },
  {
    service: 'ConnectionReset',
    act: untilAborted,
    expected: { code: status.CANCELLED, by: ['connection'] },
    call: (caller) => cutOff(caller, 'reset'),
  },
  {
    service: 'ConnectionClosed',
    act: untilAborted,
    expected: { code: status.CANCELLED, by: ['connection'] },
    call: (caller) => cutOff(caller, 'end'),
  },
  {
    service: 'ForcedStop',
    act: () => new Promise(() => {}),
    expected: { code: status.UNAVAILABLE, message: 'the server is shutting down' },
    call: (caller) => caller.start({ open: true }).outcome,
    when: 'to the stop',
  },
];

@Injectable()
class Refusing implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class AskingWho implements CanActivate {
  canActivate(): boolean {
    throw unauthenticated('who is it?');
  }
}

@Injectable()
class Failing implements NestInterceptor {
  intercept(): never {
    throw unavailable('not now');
  }
}

const ok = iterating(() => ({ text: 'done' }));
const invalid = { requests: [{ text: 'ab', n: 11 }] };

export const CASES: readonly Case[] = [
  ...ACTS.flatMap(({ service, act, expected, ...rest }) =>
    [iterating, observing].map((style) => ({
      service: `${service}${style === iterating ? 'Iterating' : 'Observing'}`,
      controller: style(act),
      expected: () => expected,
      ...rest,
    })),
  ),
  {
    service: 'GuardRefusal',
    controller: decorated(ok, UseGuards(Refusing)),
    expected: () => ({ code: status.PERMISSION_DENIED, message: 'Forbidden resource' }),
  },
  {
    service: 'GuardThrows',
    controller: decorated(ok, UseGuards(AskingWho)),
    expected: () => ({ code: status.UNAUTHENTICATED, message: 'who is it?' }),
  },
  {
    service: 'NestInterceptorThrows',
    controller: decorated(ok, UseInterceptors(Failing)),
    expected: () => ({ code: status.UNAVAILABLE, message: 'not now' }),
  },
  {
    service: 'ClassValidator',
    controller: checkedByClassValidator({ exceptionFactory: validationExceptionFactory }),
    expected: () => ({ code: status.INVALID_ARGUMENT }),
    call: (caller) => caller.start(invalid).outcome,
  },
  {
    service: 'ClassValidatorAsItComes',
    controller: checkedByClassValidator({}),
    expected: () => ({ code: status.INVALID_ARGUMENT }),
    call: (caller) => caller.start(invalid).outcome,
  },
  {
    service: 'StandardSchema',
    controller: checkedByStandardSchema,
    expected: () => ({ code: status.INVALID_ARGUMENT }),
    call: (caller) => caller.start(invalid).outcome,
  },
  {
    service: 'ValidatingItself',
    controller: validatingItself,
    expected: () => ({ code: status.INTERNAL, message: 'Internal server error' }),
    call: (caller) => caller.start(invalid).outcome,
  },
  {
    service: 'Empty',
    controller: empty,
    expected: (kind) => ({ code: kind === 'Unary' || kind === 'Collect' ? status.INTERNAL : status.OK }),
  },
  {
    service: 'OversizeRequest',
    controller: ok,
    expected: () => ({ code: status.RESOURCE_EXHAUSTED }),
    call: (caller) =>
      caller.start({
        requests: caller.requestStream ? [REQUEST, { text: TOO_LARGE }] : [{ text: TOO_LARGE }],
      }).outcome,
  },
  {
    service: 'UnparsableRequest',
    controller: ok,
    expected: () => ({ code: status.INTERNAL }),
    // No field of protobuf has wire type 7.
    call: (caller) => caller.start({}, { requestSerialize: () => Buffer.from([0x0f]) }).outcome,
  },
  {
    service: 'OneRequestExpected',
    controller: ok,
    expected: (kind) =>
      kind === 'Unary' || kind === 'Watch' ? { code: status.UNIMPLEMENTED } : { code: status.OK },
    call: (caller) => caller.start({ requests: [REQUEST, REQUEST] }, { requestStream: true }).outcome,
  },
  {
    service: 'SomeRequestExpected',
    controller: ok,
    expected: (kind) =>
      ({
        Unary: { code: status.UNIMPLEMENTED },
        Watch: { code: status.UNIMPLEMENTED },
        Collect: { code: status.INTERNAL },
        Chat: { code: status.OK },
      })[kind],
    call: (caller) => caller.start({ requests: [] }, { requestStream: true }).outcome,
  },
  {
    service: 'CancelBeforeRequest',
    controller: ok,
    expected: () => ({ code: status.CANCELLED, by: ['reset'] }),
    async call(caller) {
      const call = caller.start({ requests: [], open: true }, { requestStream: true });
      await caller.arrived;
      call.cancel();
      return call.outcome;
    },
  },
  {
    service: 'UnknownService',
    expected: () => ({ code: status.UNIMPLEMENTED }),
  },
  {
    service: 'UnknownMethod',
    controller: ok,
    expected: () => ({ code: status.UNIMPLEMENTED }),
    call: (caller) =>
      caller.start({}, { path: `/kun.endings.v1.UnknownMethod/Missing${caller.kind}` }).outcome,
  },
  {
    service: 'NoGrpc',
    controller: ok,
    expected: () => ({ code: status.UNKNOWN }),
    async call(caller) {
      const httpStatus = await caller.post(`/kun.endings.v1.NoGrpc/${caller.kind}`);
      if (httpStatus !== 415) throw new Error(`answered with HTTP status ${httpStatus}`);
      return undefined;
    },
  },
];

/** The cases that the server counts as calls of no method it has. */
export const UNKNOWN_TO_SERVER: ReadonlySet<string> = new Set(['UnknownService', 'UnknownMethod', 'NoGrpc']);

async function untilAborted(): Promise<never> {
  const { signal } = currentCall()!;
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  throw signal.reason;
}

async function cancelled(caller: Caller, input: Parameters<Caller['start']>[0]): Promise<Outcome> {
  const call = caller.start({ ...input, open: true });
  // A deadline of milliseconds may be over before there is a handler.
  await Promise.race([caller.handled, call.outcome]);
  call.cancel();
  return call.outcome;
}

async function cutOff(caller: Caller, how: 'reset' | 'end'): Promise<undefined> {
  const link = await caller.link();
  const { outcome } = caller.start({ open: true }, {}, link.address);
  await caller.handled;
  link.cut(how);
  await outcome;
}

function decorated(make: MakeController, decorate: ClassDecorator): MakeController {
  return (service, hasRequest) => {
    const controller: Type = make(service, hasRequest);
    decorate(controller);
    return controller;
  };
}
