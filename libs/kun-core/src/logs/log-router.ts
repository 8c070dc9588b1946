import { AsyncLocalStorage } from 'node:async_hooks';
import type { LoggerService } from '@nestjs/common';
import type { Bindings, Logger } from 'pino';
import { currentCall } from '../rpc/current-call.js';
import type { RpcMethod } from '../rpc/rpc-method.js';
import type { ApplicationLogger } from './application-logger.js';
import { takeGrpcJsLog } from './grpc-js-log.js';

/** The levels of a Nest logger. */
export type NestLevel = 'verbose' | 'debug' | 'log' | 'warn' | 'error' | 'fatal';

/** A line of a Nest logger, held until there is a logger to write it. */
export interface HeldLine {
  readonly level: NestLevel;
  readonly message: unknown;
  /** As Nest passes them: the context comes last. */
  readonly params: readonly unknown[];
}

interface LogScope {
  readonly log: LogRouter;
  /** The logger of an HTTP request, with its fields. */
  logger?: Logger | undefined;
}

// Nest's own logger is process-wide, so what maps a line to its application must be, too: the scope of the running
// code, and the open applications, newest last.
const scopes = new AsyncLocalStorage<LogScope>();
const open = new Set<LogRouter>();
// The loggers of libraries are process-wide as well: redirected with the first application, restored after the last.
const giveBack: Array<() => void> = [];

const MAX_HELD_LINES = 1000;

/**
 * The log of one application, from before its logger exists until the process ends.
 *
 * Lines of Nest's `new Logger('X')`, whose target is one for the whole process, go to the application that
 * 1. the current call belongs to,
 * 2. else the code was started by ({@link run}: start-up, HTTP requests, timers and jobs begun there),
 * 3. else was made last and is not closed. This is the only guess, and wrong only for code started outside of any
 *    application while two are in one process. `PinoLogger` and `Logger` of nestjs-pino, injected, never guess.
 */
export class LogRouter {
  private sink: { logger: ApplicationLogger; nest: LoggerService } | undefined;
  private held: HeldLine[] = [];
  private starting = true;
  private readonly methods = new Set<RpcMethod>();

  constructor() {
    if (open.size === 0) giveBack.push(takeGrpcJsLog(writeOfLibrary));
    open.add(this);
  }

  /** What `NestFactory.create(AppModule, { logger })` takes. */
  readonly nestLogger: LoggerService = {
    verbose: (message: unknown, ...params: unknown[]) => route(this, { level: 'verbose', message, params }),
    debug: (message: unknown, ...params: unknown[]) => route(this, { level: 'debug', message, params }),
    log: (message: unknown, ...params: unknown[]) => route(this, { level: 'log', message, params }),
    warn: (message: unknown, ...params: unknown[]) => route(this, { level: 'warn', message, params }),
    error: (message: unknown, ...params: unknown[]) => route(this, { level: 'error', message, params }),
    fatal: (message: unknown, ...params: unknown[]) => route(this, { level: 'fatal', message, params }),
  };

  /** Runs code of this application: whatever it starts, now or later, logs here. */
  run<T>(body: () => T, requestLogger?: Logger): T {
    return scopes.run({ log: this, logger: requestLogger }, body);
  }

  /** Calls of these methods log here. */
  adopt(methods: Iterable<RpcMethod>): void {
    for (const method of methods) this.methods.add(method);
  }

  /** Called once the logger exists: held lines are written now, with the current time. */
  openWith(logger: ApplicationLogger, nest: LoggerService): void {
    this.sink = { logger, nest };
    for (const line of this.takeHeld()) this.write(line);
  }

  /** The start is over: from now on an exception that Nest reports belongs to a request, and is logged. */
  started(): void {
    this.starting = false;
  }

  /** The start failed before there was a logger: returns the held lines, without Nest's own report of the failure. */
  takeHeld(): HeldLine[] {
    const held = this.held;
    this.held = [];
    return held;
  }

  /** Stops receiving lines without an owner. */
  close(): void {
    open.delete(this);
    if (open.size === 0) for (const release of giveBack.splice(0)) release();
  }

  /** The logger with the fields of the current HTTP request, if any. */
  get logger(): Logger | undefined {
    const scope = scopes.getStore();
    return (scope?.log === this ? scope.logger : undefined) ?? this.sink?.logger.pino;
  }

  /** Adds fields to the lines of the current HTTP request; false when there is none. */
  assign(fields: Bindings): boolean {
    const scope = scopes.getStore();
    if (scope?.log !== this || !scope.logger) return false;
    scope.logger = scope.logger.child(fields);
    return true;
  }

  owns(method: RpcMethod): boolean {
    return this.methods.has(method);
  }

  write(line: HeldLine): void {
    // kun reports a failed start in one message; Nest's report of the same error would repeat it with stacks.
    if (this.starting && isExceptionReport(line)) return;
    if (this.sink) this.sink.nest[line.level]?.(line.message, ...line.params);
    else if (this.held.length < MAX_HELD_LINES) this.held.push(line);
  }
}

function route(fallback: LogRouter, line: HeldLine): void {
  (ownerOfRunningCode() ?? fallback).write(line);
}

function writeOfLibrary(level: 'debug' | 'log' | 'warn', message: string): void {
  ownerOfRunningCode()?.write({ level, message, params: ['grpc-js'] });
}

/** The log of the application that the running code belongs to, by the rules of {@link LogRouter}. */
export function ownerOfRunningCode(): LogRouter | undefined {
  const call = currentCall();
  if (call) {
    for (const log of open) if (log.owns(call.method)) return log;
  }
  return scopes.getStore()?.log ?? [...open].at(-1);
}

function isExceptionReport(line: HeldLine): boolean {
  const context = line.params.at(-1);
  return context === 'ExceptionHandler' || context === 'ExceptionsHandler';
}
