import { Counter } from 'prom-client';
import { StartError } from '../lifecycle/lifecycle.js';
import { LiveSettings } from '../settings/live-settings.js';
import { ownerOfRunningCode } from '../logs/log-router.js';
import { Meter } from '../metrics/meter.js';
import { EntranceError, type Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';
import type { KunApplication } from './application.js';
import type { FatalOrigin, Membership, ProcessMember, ProcessWatch } from './process-watch.js';
import { explainStartFailure, lastResort, logStartFailure } from './start-failure.js';

/** One application as the process sees it, from before its creation until it has stopped. */
export class ApplicationMember implements ProcessMember {
  private readonly membership: Membership | undefined;
  private application: KunApplication | undefined;
  private rejections: Counter | undefined;
  /** The error of a failed start and the message that is printed when the process ends because of it. */
  private failure: { readonly error: unknown; readonly message: string } | undefined;

  constructor(
    /** Default: none; the process is left alone. */
    watch: ProcessWatch | undefined,
    private readonly entrance: Entrance,
    private readonly runtime: KunRuntime,
    /** Whether the process ends with the application, as under `KunFactory.run`. */
    private readonly endsProcess: boolean,
  ) {
    this.membership = watch?.join(this);
  }

  /** Called once the application exists: from now on there is something to stop. */
  adopt(application: KunApplication): void {
    this.application = application;
    this.rejections = new Counter({
      name: 'kun_unhandled_rejections_total',
      help: 'Unhandled rejections that the process survived (ExitOnUnhandledRejection: no)',
      registers: [application.get(Meter).registry],
    });
    void application.lifecycle.whenStopped.then(({ clean }) => this.over(clean));
  }

  listenTo(signals: readonly string[]): void {
    this.membership?.listenTo(signals);
  }

  /** Reports a failed start: one line in the log now; the message follows if the process ends because of it. */
  async startFailed(error: unknown): Promise<void> {
    const failure = explainStartFailure(error);
    this.failure = { error, message: failure.message };
    await logStartFailure(failure, this.entrance, this.runtime);
  }

  /** Called after a failed start has been rolled back. */
  givenUp(): void {
    if (this.endsProcess) {
      process.stderr.write(`${this.failure?.message}\n`);
      this.membership?.end(1);
    } else {
      // The caller may leave the rejection unhandled; Node reports that only after this turn of the event loop.
      setImmediate(() => this.membership?.leave(1));
    }
  }

  explain(error: unknown): string | undefined {
    if (this.failure && error === this.failure.error) return this.failure.message;
    // The start was abandoned because a stop was requested.
    return this.application?.lifecycle.isStopOf(error) ? '' : undefined;
  }

  stop(reason: string): void {
    // An application that is still being created has nothing to drain.
    if (this.application) void this.application.stop(reason);
    else this.membership?.end(0, 'now');
  }

  force(): void {
    this.application?.lifecycle.force();
  }

  owns(): boolean {
    return ownerOfRunningCode() === this.entrance.log;
  }

  toleratesRejection(reason: unknown): boolean {
    if (this.application?.get(LiveSettings).settings.exitOnUnhandledRejection.current ?? true) return false;
    this.rejections?.inc();
    this.entrance.logger?.pino.error(
      { err: asError(reason), origin: 'unhandledRejection' },
      'nobody handled a rejection',
    );
    return true;
  }

  fatal(error: unknown, origin: FatalOrigin, forced: boolean): void {
    if (error instanceof EntranceError && this.application?.lifecycle.state === 'idle') {
      this.refuse(error, this.application);
      return;
    }
    this.application?.lifecycle.fail(error, origin);
    const what = origin === 'unhandledRejection' ? 'nobody handled a rejection' : 'nobody caught an error';
    const then = !this.application
      ? 'the process ends'
      : forced
        ? 'the stop is forced'
        : 'the process drains and ends';
    const { pino } = this.entrance.logger ?? lastResort(this.entrance, this.runtime);
    pino.fatal({ err: asError(error), origin }, `${what}: ${then}`);
  }

  cut(code: number): void {
    const state = this.application?.lifecycle.state;
    if (state === undefined || state === 'idle' || state === 'stopped') return;
    this.entrance.logger?.pino.error(
      { exit_code: code, state },
      'process.exit() cut the service short, and every call in it; app.close() drains',
    );
  }

  /**
   * Calling one of Nest's own methods is a mistake in `main.ts`, and the message says what to write instead; the
   * service itself has not failed.
   */
  private refuse(error: EntranceError, { lifecycle }: KunApplication): void {
    lifecycle.abandon(new StartError('main', error));
    void this.startFailed(error);
    process.stderr.write(`${this.failure?.message}\n`);
  }

  private over(clean: boolean): void {
    if (this.failure) return this.givenUp();
    const failed = this.application?.lifecycle.failed !== undefined;
    if (failed) this.membership?.endAll(1, 'failure');
    else if (this.endsProcess) this.membership?.end(clean ? 0 : 1);
    else this.membership?.leave(clean ? 0 : 1);
  }
}

/** A value was thrown that is not an Error and has no stack. */
class ThrownValueError extends Error {
  override readonly name = 'ThrownValueError';
}

/** Returns what was thrown as an Error. Property values of an object are never printed, as they may be secrets. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown !== 'object' || thrown === null) return new ThrownValueError(String(thrown));
  const fields = Object.keys(thrown).slice(0, MAX_FIELDS).join(', ');
  return new ThrownValueError(`an object that is not an error, with the fields: ${fields || 'none'}`);
}

const MAX_FIELDS = 20;
