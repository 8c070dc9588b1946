import type { Duplex } from 'node:stream';
import { ConnectionError, ErrorCode } from '../frames/error-code.js';
import { FrameReader } from '../frames/frame-reader.js';
import { MAX_31_BITS, MIN_FRAME_BYTES } from '../frames/frame-type.js';
import type { FrameWriter } from '../frames/frame-writer.js';
import { HeaderDecoder } from '../hpack/header-decoder.js';
import { HeaderEncoder } from '../hpack/header-encoder.js';
import type { HeaderList } from '../hpack/header-list.js';
import type { BudgetHolder, ByteBudget } from '../process/byte-budget.js';
import { FloodError, type RefusalReason } from '../process/refusal.js';
import type { WireProcess } from '../process/wire-process.js';
import { PeerSettings } from './connection-settings.js';
import { AbuseGuard } from './limits/abuse-guard.js';
import type { ConnectionLimits } from './limits/connection-limits.js';
import { HeaderBlock } from './receiving/header-block.js';
import { InboundFrames, type InboundHost } from './receiving/inbound-frames.js';
import { ReceiveFlow, type ReceiveFlowHost } from './receiving/receive-flow.js';
import { ConnectionOutput } from './sending/connection-output.js';
import { RepeatedBlocks } from './sending/repeated-blocks.js';
import { SendScheduler, type SendSchedulerHost } from './sending/send-scheduler.js';
import { Closed, ClosedStreams } from './streams/closed-streams.js';
import { heaviestStream, type Http2Stream } from './streams/http2-stream.js';
import type { HeaderFields } from './streams/send-item.js';
import { StreamTable } from './streams/stream-table.js';

/**
 * What clients and servers of HTTP/2 share: reading and writing frames, the stream table, flow control. {@link
 * LivingConnection} adds the lifecycle of a connection; subclasses for each role decide what streams carry.
 */
export abstract class Http2Connection
  implements InboundHost, SendSchedulerHost, ReceiveFlowHost, BudgetHolder
{
  readonly streams = new StreamTable();
  readonly closedStreams = new ClosedStreams();
  readonly decoder: HeaderDecoder;
  readonly headerBlock: HeaderBlock;
  readonly receive: ReceiveFlow;
  readonly guard: AbuseGuard;
  readonly output: ConnectionOutput;
  readonly scheduler: SendScheduler;
  readonly peerSettings = new PeerSettings();
  /** The last stream that the peer opened. */
  lastPeerStream = 0;
  /** Bytes waiting to be sent, over all streams. */
  unsentBytes = 0;
  protected readonly encoder = new HeaderEncoder();
  protected readonly reader: FrameReader;
  private readonly repeated = new RepeatedBlocks(this.encoder);
  // Streams that ended without data; reported once the chunk is read, since a reset may follow.
  private endsToTell: Http2Stream[] = [];

  constructor(
    readonly socket: Duplex,
    readonly process: WireProcess,
    readonly limits: ConnectionLimits,
  ) {
    this.decoder = new HeaderDecoder({
      maxListBytes: limits.maxHeaderListBytes,
      maxFields: limits.maxHeaderFields,
    });
    this.headerBlock = new HeaderBlock(limits.maxHeaderBlockBytes, limits.maxContinuations);
    this.receive = new ReceiveFlow(this, limits);
    this.guard = new AbuseGuard(limits, process);
    this.output = new ConnectionOutput(socket, process, () => this.scheduler.pump());
    this.scheduler = new SendScheduler(this, this.output);
    this.reader = new FrameReader(new InboundFrames(this), limits.maxFrameBytes);
  }

  get frames(): FrameWriter {
    return this.output.frames;
  }

  abstract isIdle(streamId: number): boolean;
  abstract streamOpened(streamId: number, list: HeaderList, endStream: boolean): void;
  abstract settingsArrived(payload: Buffer, start: number, end: number): void;
  abstract settingsAcknowledged(): void;
  abstract pingArrived(ack: boolean, payload: Buffer, start: number): void;
  abstract goAwayArrived(code: number): void;
  /** Counts a refusal and reports it. */
  abstract refused(reason: RefusalReason, detail: string, scope: 'connection' | 'stream'): void;
  /** Ends the connection because of a protocol violation by its peer. */
  protected abstract fail(error: ConnectionError): void;
  /** A stream was removed from the table. */
  protected abstract streamClosed(): void;

  /** A control frame was written; it is counted until the socket accepts it. */
  touchControl(bytes: number): void {
    this.output.touchControl(bytes);
    if (this.output.controlBytes <= this.limits.maxControlBytes) return;
    // They may just be waiting for the end of the turn.
    this.output.flush();
    if (this.output.controlBytes === 0) return;
    throw new FloodError('control-flood', 'responses to control frames are not read');
  }

  /** Writes a header block; fields marked as repeated are encoded only once. */
  writeHeaders(stream: Http2Stream, fields: HeaderFields, endStream: boolean): void {
    const block = this.repeated.blockOf(fields);
    // Larger frames have no benefit.
    this.frames.headerBlock(stream.id, block, endStream, MIN_FRAME_BYTES);
    stream.headWritten = true;
    if (endStream) this.localEnd(stream);
    this.output.touch();
  }

  dataWritten(): void {
    this.guard.earned();
  }

  unsentChanged(bytes: number): void {
    this.unsentBytes += bytes;
    this.process.unsent.add(bytes);
  }

  unfinishedChanged(bytes: number): void {
    this.process.unfinished.add(bytes);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.frames.windowUpdate(streamId, increment);
    this.touchControl(13);
  }

  streamEnded(stream: Http2Stream, atOnce: boolean): void {
    stream.remoteEnded = true;
    if (atOnce) stream.endArrived();
    else this.endsToTell.push(stream);
  }

  streamReset(stream: Http2Stream, code: number): void {
    this.process.stats.resetsReceived++;
    this.closeStream(stream, Closed.resetByPeer);
    stream.finish({ how: 'reset', code, by: 'peer' });
  }

  streamError(streamId: number, code: number, reason: string): void {
    this.refused('stream-error', reason, 'stream');
    this.guard.wastedStream();
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      this.reset(stream, code);
      return;
    }
    this.closedStreams.add(streamId, Closed.resetByUs);
    this.frames.resetStream(streamId, code);
    this.touchControl(13);
  }

  /** Resets a stream from this side. */
  reset(stream: Http2Stream, code: number): void {
    if (stream.closed) return;
    this.frames.resetStream(stream.id, code);
    this.closeStream(stream, Closed.resetByUs);
    stream.finish({ how: 'reset', code, by: 'self' });
    this.touchControl(13);
  }

  streamWindowGrew(stream: Http2Stream, increment: number): void {
    stream.sendWindow += increment;
    if (stream.sendWindow > MAX_31_BITS) {
      this.streamError(stream.id, ErrorCode.FLOW_CONTROL_ERROR, 'the window of a stream is too large');
    } else {
      this.scheduler.wake(stream);
    }
  }

  connectionWindowGrew(increment: number): void {
    if (this.scheduler.grow(increment)) return;
    throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'the window of the connection is too large');
  }

  heldOf(budget: ByteBudget): number {
    return budget === this.process.unsent ? this.unsentBytes : this.receive.unreadBytes;
  }

  shed(budget: ByteBudget): void {
    const unsent = budget === this.process.unsent;
    heaviestStream(this.streams, unsent)?.shed(unsent ? 'unsent-bytes' : 'unfinished-bytes');
  }

  blockRead(): void {
    if (!this.process.turns.spend()) this.reader.pause();
  }

  /** Reads a chunk as far as the turn allows; returns where it stopped. A protocol violation ends the connection. */
  protected readFrames(chunk: Buffer, from: number): number {
    try {
      const at = this.reader.read(chunk, from);
      if (at === chunk.length && this.endsToTell.length > 0) this.tellEnds();
      this.receive.topUpConnection();
      return at;
    } catch (error) {
      this.failed(error);
      return chunk.length;
    }
  }

  /** Ends the connection for an error caused by the peer; other errors are rethrown. */
  protected failed(error: unknown): void {
    if (error instanceof ConnectionError) {
      this.fail(error);
    } else {
      this.fail(new ConnectionError(ErrorCode.INTERNAL_ERROR, 'internal error'));
      throw error;
    }
  }

  /** Applies the peer's settings. */
  protected applySettings(payload: Buffer, start: number, end: number): void {
    const { peerSettings } = this;
    const before = peerSettings.initialWindowBytes;
    peerSettings.apply(payload, start, end);
    this.encoder.setPeerTableBytes(peerSettings.headerTableBytes);
    const change = peerSettings.initialWindowBytes - before;
    if (change === 0) return;
    this.scheduler.windowsChanged(this.streams, change);
  }

  /** Removes a stream from the table, and everything kept for it. */
  protected closeStream(stream: Http2Stream, how: (typeof Closed)[keyof typeof Closed]): void {
    if (stream.closed) return;
    stream.closed = true;
    this.streams.delete(stream.id);
    this.closedStreams.add(stream.id, how);
    this.scheduler.drop(stream);
    this.receive.held(stream, 0);
    this.process.stats.streamsOpen--;
    this.streamClosed();
  }

  /** The local END_STREAM is written: the stream is over, whether the peer has ended it or not. */
  protected localEnd(stream: Http2Stream): void {
    stream.localEnded = true;
    this.output.endsWith(stream);
    if (stream.remoteEnded) {
      this.closeStream(stream, Closed.ended);
      return;
    }
    // The response is complete without the rest of the request (RFC 9113, section 8.1).
    this.frames.resetStream(stream.id, ErrorCode.NO_ERROR);
    this.closeStream(stream, Closed.resetByUs);
  }

  private tellEnds(): void {
    const { endsToTell } = this;
    this.endsToTell = [];
    for (const stream of endsToTell) if (!stream.closed) stream.endArrived();
  }
}
