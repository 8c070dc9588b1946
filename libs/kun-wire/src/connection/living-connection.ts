import type { Duplex } from 'node:stream';
import { type ConnectionError, ErrorCode, errorCodeName } from '../frames/error-code.js';
import type { ByteBudget } from '../process/byte-budget.js';
import { CountedError, FloodError, refusalOf, type RefusalReason } from '../process/refusal.js';
import type { WireProcess } from '../process/wire-process.js';
import { localSettings } from './connection-settings.js';
import { Departure, type DepartureHost } from './departure.js';
import type { ConnectionLimits } from './limits/connection-limits.js';
import { Keepalive, type KeepaliveHost } from './limits/keepalive.js';
import { TimeLimits, type TimeLimitsHost } from './limits/time-limits.js';
import { ReadingConnection } from './reading-connection.js';
import { Closed } from './streams/closed-streams.js';
import type { Http2Stream } from './streams/http2-stream.js';
import { LateEndings } from './streams/late-endings.js';

const NOTHING = Buffer.alloc(8);

/** The lifecycle of a connection: time limits, settings, graceful shutdown, closing. */
export abstract class LivingConnection extends ReadingConnection implements DepartureHost, KeepaliveHost {
  readonly departure: Departure;
  private gone = false;
  /** Whether the peer has acknowledged the local settings. */
  protected settled = false;
  private settingsSeen = false;
  private onGone: Array<() => void> = [];
  private readonly keepalive: Keepalive;
  private readonly times: TimeLimits;

  constructor(socket: Duplex, process: WireProcess, limits: ConnectionLimits) {
    super(socket, process, limits);
    const { timers, clock, stats } = process;
    this.departure = new Departure(this, timers, limits.drainPingTimeoutMs);
    this.keepalive = new Keepalive(this, timers, () => clock.monotonicMs(), limits);
    this.times = new TimeLimits(this.timesHost(), timers, limits);
    process.connections.add(this);
    stats.connectionsOpen++;
    stats.connectionsTotal++;
    socket.on('error', (error: Error) => this.lose(error.message));
    socket.on('close', () => this.onSocketClosed());
    this.frames.settings(localSettings(limits));
    this.output.touch();
    this.receive.topUpConnection();
  }

  abstract get peer(): string;

  get openStreams(): number {
    return this.streams.size;
  }

  /** Calls back when the connection is closed; immediately if it is already. */
  onClose(callback: () => void): void {
    if (this.gone) callback();
    else this.onGone.push(callback);
  }

  /** Ends every call immediately, as far as possible, and closes once the last bytes are sent. */
  shutDown(): void {
    if (this.ended) return;
    for (const stream of this.streams) stream.shutDown();
    this.departure.finish();
    this.times.closing();
  }

  settingsArrived(payload: Buffer, start: number, end: number): void {
    if (this.settingsSeen) this.guard.overheadFrame();
    this.settingsSeen = true;
    this.times.prefaceDone();
    this.applySettings(payload, start, end);
    this.frames.settingsAck();
    this.touchControl(9);
  }

  settingsAcknowledged(): void {
    if (this.settled) {
      this.guard.overheadFrame();
      return;
    }
    this.settled = true;
    this.decoder.settingsAcknowledged();
    this.receive.settled(this.streams);
    this.times.settingsDone();
  }

  pingArrived(ack: boolean, payload: Buffer, start: number): void {
    if (ack) {
      this.departure.acknowledged(payload, start);
    } else {
      this.frames.ping(true, payload, start);
      this.touchControl(17);
    }
  }

  override goAwayArrived(): void {
    // It opens no more streams; open ones continue.
    this.departure.finish();
  }

  sendKeepalive(): void {
    this.process.stats.keepalivePings++;
    this.frames.ping(false, NOTHING, 0);
    this.guarded(() => this.touchControl(17));
  }

  keepaliveFailed(): void {
    this.refused('keepalive-timeout', 'no response to a PING', 'connection');
    this.lose('the peer does not respond');
    this.socket.destroy();
  }

  /** The last GOAWAY of a departure is written. */
  departed(): void {
    if (this.streams.size === 0) this.hangUp();
  }

  refused(reason: RefusalReason, detail: string, scope: 'connection' | 'stream'): void {
    const { socket, peer } = this;
    this.process.refused({ reason, detail, socket, peer, scope });
  }

  /** Runs work that may exceed a limit outside of reading. */
  guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Another connection may have exceeded the budget, so this may run in the middle of its work. */
  override shed(budget: ByteBudget): void {
    this.guarded(() => super.shed(budget));
  }

  protected streamBegan(): void {
    const { stats } = this.process;
    stats.streamsOpen++;
    stats.streamsTotal++;
    if (this.streams.size === 1) this.times.idling(false);
  }

  protected override streamClosed(): void {
    if (this.streams.size > 0 || this.ended) return;
    if (this.departure.final) this.hangUp();
    else this.times.idling(true);
  }

  protected override fail(error: ConnectionError): void {
    if (this.ended) return;
    const { code, reason } = error;
    this.refused(refusalOf(error), reason, 'connection');
    // Many resets on one connection may come from many callers behind one proxy; over the whole process they are an
    // attack.
    const attack =
      error instanceof FloodError && (error.refusal !== 'reset-flood' || this.process.resets.empty);
    if (attack) this.comesBackLate();
    this.ended = true;
    this.stopReading();
    this.frames.goAway(this.lastPeerStream, code, reason);
    this.endStreams([], `${errorCodeName(code)}: ${reason}`);
    this.finishOutput();
  }

  override peerHungUp(): void {
    this.lose('the peer hung up');
  }

  protected override headerWaits(waits: boolean): void {
    this.times.headerWaits(waits);
  }

  private timesHost(): TimeLimitsHost {
    return {
      prefaceLate: () => this.tooSlow('preface-timeout', 'no preface in time'),
      headerLate: () => {
        // The rest may have arrived.
        if (this.unread) this.times.headerWaits(true);
        else this.tooSlow('header-timeout', 'no complete frame in time');
      },
      settingsLate: () => {
        const reason = 'settings were not acknowledged';
        this.fail(new CountedError('settings-timeout', ErrorCode.SETTINGS_TIMEOUT, reason));
      },
      idleLong: () => this.guarded(() => this.departure.begin('idle')),
      aged: () => {
        this.guarded(() => this.departure.begin('max_age'));
        this.times.graceBegins();
      },
      graceOver: () => this.guarded(() => this.shutDown()),
      closeLate: () => this.socket.destroy(),
    };
  }

  private tooSlow(reason: RefusalReason, detail: string): void {
    this.refused(reason, detail, 'connection');
    this.lose(detail);
    this.socket.destroy();
  }

  /** Sends what is left, and waits for the peer to hang up. */
  private hangUp(): void {
    if (this.ended) return;
    this.ended = true;
    this.stopReading();
    this.finishOutput();
  }

  private finishOutput(): void {
    this.stopTimers();
    this.output.end();
    this.times.closing();
  }

  /** The connection is lost, and every call with it. */
  private lose(reason: string): void {
    this.ended = true;
    this.stopReading();
    this.stopTimers();
    this.endStreams(this.output.close(), reason);
    this.socket.end();
    this.times.closing();
  }

  /** Ends all open streams, and notifies them and those whose end was not sent. */
  private endStreams(unsent: readonly Http2Stream[], reason: string): void {
    const lost = [...this.streams, ...unsent];
    for (const stream of this.streams) this.closeStream(stream, Closed.resetByPeer);
    new LateEndings(lost, { how: 'lost', reason }, this.process.turns).goOn();
  }

  private stopTimers(): void {
    this.keepalive.stop();
    this.departure.stop();
    this.times.stop(false);
  }

  private onSocketClosed(): void {
    if (this.gone) return;
    this.lose('the connection was closed');
    this.gone = true;
    this.times.stop(true);
    this.process.connections.delete(this);
    this.process.stats.connectionsOpen--;
    for (const callback of this.onGone) callback();
    this.onGone = [];
  }
}
