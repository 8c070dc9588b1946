import { ConnectionError, ErrorCode } from './error-code.js';
import { Flag, FRAME_HEADER_BYTES, FrameType, MAX_31_BITS } from './frame-type.js';

/**
 * Receives frames in the order in which they arrive, validated and without padding. Bytes are views of the socket's
 * buffer, valid only during the call.
 */
export interface FrameSink {
  /** A DATA frame begins; its bytes follow in one or more pieces. */
  dataBegins(streamId: number, lengthBytes: number, endStream: boolean): void;
  dataBytes(chunk: Buffer, start: number, end: number): void;
  /** The frame is complete; `paddingBytes` of its length were padding. */
  dataEnds(paddingBytes: number): void;
  headers(streamId: number, flags: number, block: Buffer, start: number, end: number): void;
  continuation(flags: number, block: Buffer, start: number, end: number): void;
  priority(streamId: number): void;
  resetStream(streamId: number, code: number): void;
  settings(payload: Buffer, start: number, end: number): void;
  settingsAck(): void;
  ping(ack: boolean, payload: Buffer, start: number): void;
  goAway(lastStreamId: number, code: number): void;
  windowUpdate(streamId: number, increment: number): void;
  /** A frame of an unknown type, which must be ignored. */
  unknownFrame(): void;
  /** A frame was invalid in a way that only ends its stream. */
  badStreamFrame(streamId: number, code: number, reason: string): void;
}

/**
 * Validates a complete frame other than DATA (RFC 9113, section 6), and dispatches it.
 *
 * @throws {ConnectionError} for a frame that is invalid for its type.
 */
export function handOverFrame(sink: FrameSink, frame: Buffer, at: number, length: number): void {
  const flags = frame[at + 4] as number;
  const start = at + FRAME_HEADER_BYTES;
  const end = start + length;
  switch (frame[at + 3] as number) {
    case FrameType.headers: {
      const streamId = streamAt(frame, at);
      const padded = (flags & Flag.padded) !== 0 ? 1 : 0;
      const head = padded + ((flags & Flag.priority) !== 0 ? 5 : 0);
      if (length < head) tooShort();
      const padding = padded ? (frame[start] as number) : 0;
      if (head + padding > length) paddedTooFar();
      sink.headers(streamId, flags, frame, start + head, end - padding);
      return;
    }
    case FrameType.continuation:
      sink.continuation(flags, frame, start, end);
      return;
    case FrameType.priority: {
      const streamId = streamAt(frame, at);
      if (length === 5) sink.priority(streamId);
      else sink.badStreamFrame(streamId, ErrorCode.FRAME_SIZE_ERROR, 'PRIORITY with a wrong length');
      return;
    }
    case FrameType.rstStream: {
      const streamId = streamAt(frame, at);
      if (length !== 4) wrongLength();
      sink.resetStream(streamId, frame.readUInt32BE(start));
      return;
    }
    case FrameType.settings:
      ofConnection(frame, at);
      if ((flags & Flag.ack) === 0 ? length % 6 !== 0 : length !== 0) wrongLength();
      if ((flags & Flag.ack) === 0) sink.settings(frame, start, end);
      else sink.settingsAck();
      return;
    case FrameType.ping:
      ofConnection(frame, at);
      if (length !== 8) wrongLength();
      sink.ping((flags & Flag.ack) !== 0, frame, start);
      return;
    case FrameType.goAway:
      ofConnection(frame, at);
      if (length < 8) wrongLength();
      sink.goAway(frame.readUInt32BE(start) & MAX_31_BITS, frame.readUInt32BE(start + 4));
      return;
    case FrameType.windowUpdate: {
      if (length !== 4) wrongLength();
      const streamId = frame.readUInt32BE(at + 5) & MAX_31_BITS;
      const increment = frame.readUInt32BE(start) & MAX_31_BITS;
      if (increment > 0) sink.windowUpdate(streamId, increment);
      else if (streamId > 0)
        sink.badStreamFrame(streamId, ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0 on a stream');
      else throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0');
      return;
    }
    case FrameType.pushPromise:
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE, which is not enabled');
    default:
      sink.unknownFrame();
  }
}

/** The stream of a frame that must have one. */
export function streamAt(frame: Buffer, at: number): number {
  const streamId = frame.readUInt32BE(at + 5) & MAX_31_BITS;
  if (streamId !== 0) return streamId;
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a stream frame on stream 0');
}

function ofConnection(frame: Buffer, at: number): void {
  if ((frame.readUInt32BE(at + 5) & MAX_31_BITS) === 0) return;
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'a connection frame on a stream');
}

function wrongLength(): never {
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'a frame with a wrong length');
}

/** @throws {ConnectionError} for a frame that is too short for its fields. */
export function tooShort(): never {
  throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'a frame is too short for its fields');
}

/** @throws {ConnectionError} for padding that is longer than its frame. */
export function paddedTooFar(): never {
  throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'padding is longer than its frame');
}
