/**
 * Receives frames in the order of the wire, their form checked and their padding gone. Bytes are views of what the
 * socket gave: they are good during the call.
 */
export interface FrameSink {
  /** A DATA frame begins; its bytes follow in as many pieces as the socket gives them. */
  dataBegins(streamId: number, lengthBytes: number, endStream: boolean): void;
  dataBytes(chunk: Buffer, start: number, end: number): void;
  /** The frame is complete; of its length so many bytes were padding. */
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
  /** A frame of a type that HTTP/2 does not know; it is to be ignored. */
  unknownFrame(): void;
  /** A frame was wrong in a way that ends its stream alone. */
  badStreamFrame(streamId: number, code: number, reason: string): void;
}
