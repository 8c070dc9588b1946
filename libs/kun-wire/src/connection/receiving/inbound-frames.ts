import { ConnectionError, ErrorCode } from '../../frames/error-code.js';
import type { FrameSink } from '../../frames/frame-sink.js';
import { Flag } from '../../frames/frame-type.js';
import type { HeaderDecoder } from '../../hpack/header-decoder.js';
import type { HeaderList } from '../../hpack/header-list.js';
import { HpackError } from '../../hpack/hpack-error.js';
import type { AbuseGuard } from '../limits/abuse-guard.js';
import { Closed, type ClosedStreams } from '../streams/closed-streams.js';
import type { Http2Stream } from '../streams/http2-stream.js';
import type { StreamTable } from '../streams/stream-table.js';
import type { HeaderBlock } from './header-block.js';
import type { ReceiveFlow } from './receive-flow.js';

/** What a peer's frames act on. */
export interface InboundHost {
  readonly streams: StreamTable;
  readonly closedStreams: ClosedStreams;
  readonly decoder: HeaderDecoder;
  readonly headerBlock: HeaderBlock;
  readonly receive: ReceiveFlow;
  readonly guard: AbuseGuard;
  /** Whether the stream has not been opened yet, by either side. */
  isIdle(streamId: number): boolean;
  /** A header block was read, which costs more than other frames. */
  blockRead(): void;
  /** A header block on a stream that is idle. */
  streamOpened(streamId: number, list: HeaderList, endStream: boolean): void;
  /** The peer has ended its side of a stream. */
  streamEnded(stream: Http2Stream, atOnce: boolean): void;
  streamReset(stream: Http2Stream, code: number): void;
  /** The peer violated the protocol on a stream, which ends it (RFC 9113, section 5.4.2). */
  streamError(streamId: number, code: number, reason: string): void;
  streamWindowGrew(stream: Http2Stream, increment: number): void;
  connectionWindowGrew(increment: number): void;
  settingsArrived(payload: Buffer, start: number, end: number): void;
  settingsAcknowledged(): void;
  pingArrived(ack: boolean, payload: Buffer, start: number): void;
  goAwayArrived(code: number): void;
}

/** Applies the rules of RFC 9113, sections 5 and 6, for frames depending on the state of their stream. */
export class InboundFrames implements FrameSink {
  private stream: Http2Stream | undefined;
  private endStream = false;
  private length = 0;

  constructor(private readonly host: InboundHost) {}

  dataBegins(streamId: number, lengthBytes: number, endStream: boolean): void {
    const { host } = this;
    if (!host.receive.take(lengthBytes)) {
      throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the connection allows');
    }
    this.stream = undefined;
    this.endStream = endStream;
    this.length = lengthBytes;
    if (lengthBytes === 0 && !endStream) host.guard.overheadFrame();
    const stream = host.streams.get(streamId);
    if (stream === undefined) {
      this.onClosed(streamId, 'DATA');
    } else if (stream.remoteEnded) {
      host.streamError(streamId, ErrorCode.STREAM_CLOSED, 'DATA after the end of the stream');
    } else {
      stream.receiveWindow -= lengthBytes;
      if (stream.receiveWindow >= 0) this.stream = stream;
      else host.streamError(streamId, ErrorCode.FLOW_CONTROL_ERROR, 'more DATA than the stream allows');
    }
  }

  dataBytes(chunk: Buffer, start: number, end: number): void {
    const { stream } = this;
    if (stream !== undefined && !stream.closed) stream.dataArrived(chunk, start, end);
  }

  dataEnds(paddingBytes: number): void {
    const { stream, host } = this;
    // An idle connection must not keep its last call alive.
    this.stream = undefined;
    if (stream === undefined || stream.closed) return;
    // Padding counts as DATA, but has no payload.
    if (paddingBytes > 0 && paddingBytes === this.length && !this.endStream) host.guard.overheadFrame();
    if (this.endStream) host.streamEnded(stream, this.length > 0);
    else host.receive.topUp(stream);
  }

  headers(streamId: number, flags: number, block: Buffer, start: number, end: number): void {
    const { headerBlock } = this.host;
    const endStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) {
      this.wholeBlock(streamId, endStream, block, start, end);
    } else {
      headerBlock.begin(streamId, endStream, block, start, end);
    }
  }

  continuation(flags: number, block: Buffer, start: number, end: number): void {
    const { headerBlock } = this.host;
    headerBlock.goOn(block, start, end);
    if ((flags & Flag.endHeaders) === 0) return;
    const whole = headerBlock.end();
    this.wholeBlock(headerBlock.streamId, headerBlock.endStream, whole, 0, whole.length);
  }

  priority(): void {
    // Deprecated, and without effect (RFC 9113, section 5.3.2).
    this.host.guard.overheadFrame();
  }

  resetStream(streamId: number, code: number): void {
    const { host } = this;
    const stream = host.streams.get(streamId);
    if (stream !== undefined) {
      host.streamReset(stream, code);
      return;
    }
    if (host.isIdle(streamId)) idle('RST_STREAM');
    host.guard.overheadFrame();
  }

  settings(payload: Buffer, start: number, end: number): void {
    this.host.settingsArrived(payload, start, end);
  }

  settingsAck(): void {
    this.host.settingsAcknowledged();
  }

  ping(ack: boolean, payload: Buffer, start: number): void {
    this.host.guard.overheadFrame();
    this.host.pingArrived(ack, payload, start);
  }

  goAway(_lastStreamId: number, code: number): void {
    this.host.guard.overheadFrame();
    this.host.goAwayArrived(code);
  }

  windowUpdate(streamId: number, increment: number): void {
    const { host } = this;
    host.guard.overheadFrame();
    if (streamId === 0) {
      host.connectionWindowGrew(increment);
      return;
    }
    const stream = host.streams.get(streamId);
    if (stream !== undefined) host.streamWindowGrew(stream, increment);
    else if (host.isIdle(streamId)) idle('WINDOW_UPDATE');
  }

  unknownFrame(): void {
    this.host.guard.overheadFrame();
  }

  badStreamFrame(streamId: number, code: number, reason: string): void {
    const { host } = this;
    // Only PRIORITY may name an idle stream, which leaves no stream to end.
    if (!host.isIdle(streamId)) host.streamError(streamId, code, reason);
    else throw new ConnectionError(code, reason);
  }

  private wholeBlock(streamId: number, endStream: boolean, block: Buffer, start: number, end: number): void {
    const { host } = this;
    const list = this.decode(block, start, end);
    const stream = host.streams.get(streamId);
    if (stream === undefined) {
      if (host.isIdle(streamId)) host.streamOpened(streamId, list, endStream);
      else this.onClosed(streamId, 'HEADERS');
    } else if (stream.remoteEnded) {
      host.streamError(streamId, ErrorCode.STREAM_CLOSED, 'HEADERS after the end of the stream');
    } else if (!endStream) {
      host.streamError(streamId, ErrorCode.PROTOCOL_ERROR, 'trailers without END_STREAM');
    } else {
      stream.trailersArrived(list);
      if (!stream.closed) host.streamEnded(stream, true);
    }
    host.blockRead();
  }

  private decode(block: Buffer, start: number, end: number): HeaderList {
    try {
      return this.host.decoder.decode(block, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, error.message);
    }
  }

  /** Handles a frame that opens no stream, on a stream that is not open. */
  private onClosed(streamId: number, what: 'DATA' | 'HEADERS'): void {
    const { host } = this;
    if (host.isIdle(streamId)) idle(what);
    switch (host.closedStreams.how(streamId)) {
      case Closed.resetByUs:
        // The peer did not know yet; a large frame costs the peer more than this side.
        if (what === 'HEADERS' || this.length < CHEAP_BYTES) host.guard.overheadFrame();
        return;
      case Closed.resetByPeer:
        host.streamError(streamId, ErrorCode.STREAM_CLOSED, `${what} after RST_STREAM`);
        return;
      case Closed.ended:
        throw new ConnectionError(ErrorCode.STREAM_CLOSED, `${what} after the end of the stream`);
      case Closed.unknown:
        if (what === 'HEADERS') {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a stream id is not greater than the last');
        }
        if (this.length < CHEAP_BYTES) host.guard.overheadFrame();
    }
  }
}

/** A smaller DATA frame costs its sender hardly more than an empty one. */
const CHEAP_BYTES = 256;

function idle(what: string): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `${what} on an idle stream`);
}
