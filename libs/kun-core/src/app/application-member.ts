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

/** One application as the process sees it, from before it is made until it is down. */
export class ApplicationMember implements ProcessMember {
  private readonly membership: Membership | undefined;
  private application: KunApplication | undefined;
  private rejections: Counter | undefined;
  /** A start that failed, and its message, which is written by whoever ends the process for it. */
  private failure: { readonly error: unknown; readonly message: string } | undefined;

  constructor(
    /** Default: none, and the process is left alone. */
    watch: ProcessWatch | undefined,
    private readonly entrance: Entrance,
    private readonly runtime: KunRuntime,
    /** Whether the end of the application is the end of the process, as under `KunFactory.run`. */
    private readonly endsProcess: boolean,
  ) {
    this.membership = watch?.join(this);
  }

  /** The application is made: from now on there is something to stop. */
  adopt(application: KunApplication): void {
    this.application = application;
    this.rejections = new Counter({
      name: 'kun_unhandled_rejections_total',
      help: 'Rejections nobody handled, after which the process went on (ExitOnUnhandledRejection: no)',
      registers: [application.get(Meter).registry],
    });
    void application.lifecycle.whenStopped.then(({ clean }) => this.over(clean));
  }

  listenTo(signals: readonly string[]): void {
    this.membership?.listenTo(signals);
  }

  /** Tells of a start that failed: one line in the log now; the message when it has to do with the end of the process. */
  async startFailed(error: unknown): Promise<void> {
    const failure = explainStartFailure(error);
    this.failure = { error, message: failure.message };
    await logStartFailure(failure, this.entrance, this.runtime);
  }

  /** After a start that failed: what had started is undone. */
  givenUp(): void {
    if (this.endsProcess) {
      process.stderr.write(`${this.failure?.message}\n`);
      this.membership?.end(1);
    } else {
      // Whoever started it may have left the rejection to the process, which comes to know of it after this turn.
      setImmediate(() => this.membership?.leave(1));
    }
  }

  explain(error: unknown): string | undefined {
    if (this.failure && error === this.failure.error) return this.failure.message;
    // It was given up because it was told to stop.
    return this.application?.lifecycle.isStopOf(error) ? '' : undefined;
  }

  stop(reason: string): void {
    // What is only being made has nothing to drain, and nobody to wait for.
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

  /** Nest's methods say what to write in their place: of use to whoever wrote the line, and no defect of a service. */
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

/** Something was thrown that is no error, and therefore does not say where. */
class ThrownValue extends Error {
  override readonly name = 'ThrownValue';
}

/** What was thrown, as an error. The values of an object are nobody's to print: they may be secrets. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown !== 'object' || thrown === null) return new ThrownValue(String(thrown));
  const fields = Object.keys(thrown).slice(0, MAX_FIELDS).join(', ');
  return new ThrownValue(`an object that is not an error, with the fields: ${fields || 'none'}`);
}

const MAX_FIELDS = 20;
