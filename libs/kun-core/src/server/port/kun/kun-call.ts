import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Metadata, status as Code, type MetadataValue } from '@grpc/grpc-js';
import {
  decodeBinaryValues,
  ErrorCode,
  isBinaryKey,
  type CallEnd,
  type CallListener,
  type IncomingCall,
  type RequestHeaders,
} from '@kun/wire';
import { REQUEST_ID_HEADER } from '../../../rpc/call-values.js';
import type { CompressionAlgorithm } from '../../../transport/compression.js';
import type { StatusError } from '../../../status/status-error.js';
import type { ServerCall } from '../../call/server-call.js';
import {
  endingOfAbandoned,
  type AuthContext,
  type MetricsRecorder,
  type WireCall,
  type WireOutcome,
  type CallStatus,
} from '../../call/wire-call.js';
import { LOAD_REPORT_TRAILER, LoadReport } from './load-report.js';

/** What the calls of a connection share. */
export interface KunConnection {
  /** `address:port`; kept because a call may end after its connection, whose socket no longer knows it. */
  readonly peer: string;
  readonly socket: Socket;
  /** A larger message ends its call with RESOURCE_EXHAUSTED. */
  readonly maxSendBytes: number;
  /** How messages are compressed unless a call says otherwise. */
  readonly compression: CompressionAlgorithm;
  readonly now: () => number;
}

/** A call over kun's own wire, and the listener that reports to the server call. */
export class KunCall implements WireCall, CallListener {
  readonly compresses = true;
  /** The receiver of events; set immediately after construction. */
  call!: ServerCall;
  private load: LoadReport | undefined;

  constructor(
    private readonly incoming: IncomingCall,
    private readonly connection: KunConnection,
  ) {}

  get peer(): string {
    return this.connection.peer;
  }

  get deadline(): number {
    return this.incoming.deadline;
  }

  get host(): string {
    return this.incoming.authority;
  }

  get socket(): object | undefined {
    const { socket } = this.connection;
    return socket.destroyed ? undefined : socket;
  }

  /** In grpc-js' form. */
  get authContext(): AuthContext {
    const { socket } = this;
    if (!(socket instanceof TLSSocket)) return {};
    const certificate = socket.getPeerCertificate();
    // Empty when the caller presented none.
    const shown = 'raw' in certificate;
    return { transportSecurityType: 'ssl', ...(shown && { sslPeerCertificate: certificate }) };
  }

  /** What is recorded is sent with the status. */
  get metricsRecorder(): MetricsRecorder {
    return (this.load ??= new LoadReport()).recorder;
  }

  readMetadata(): Metadata {
    return toMetadata(this.incoming.headers);
  }

  read(): void {
    this.incoming.read();
  }

  sendHeaders(
    metadata: Metadata | undefined,
    compression: CompressionAlgorithm = this.connection.compression,
    requestId?: string,
  ): void {
    const fields = requestId === undefined ? toFields(metadata) : [[REQUEST_ID_HEADER, requestId] as const];
    this.incoming.sendHeaders(fields, compression);
  }

  get congested(): boolean {
    return this.incoming.congested;
  }

  sendMessage(bytes: Buffer, onTaken: () => void): void {
    const { maxSendBytes } = this.connection;
    if (bytes.byteLength <= maxSendBytes) {
      this.incoming.sendMessage(bytes, this.givesBack(bytes) ? () => giveBack(bytes, onTaken) : onTaken);
      return;
    }
    const text = `the response is too large: ${bytes.byteLength} bytes, more than ${maxSendBytes}`;
    this.incoming.sendStatus(Code.RESOURCE_EXHAUSTED, text);
  }

  sendStatus({ code, details, metadata }: CallStatus): void {
    const fields = toFields(metadata ?? undefined);
    const { load } = this;
    const reported: typeof fields =
      !load || load.empty ? fields : [...(fields ?? []), [LOAD_REPORT_TRAILER, load.serialize()]];
    this.incoming.sendStatus(code, code === Code.OK ? '' : details, reported);
  }

  /** Sends the status if that is still possible; the wire sends in order, so nothing can overtake it. */
  breakOff({ code, message }: StatusError): void {
    if (this.incoming.writable) this.incoming.sendStatus(code, message);
    else this.incoming.reset(ErrorCode.INTERNAL_ERROR);
  }

  onMessage(bytes: Buffer): void {
    this.call.messageArrived(bytes);
    // Only a buffer assembled for this message; others are views of what the socket delivered.
    if (this.givesBack(bytes)) giveBack(bytes);
  }

  onHalfClose(): void {
    this.call.halfClosed();
  }

  onAnswered(code: number, message: string): void {
    this.call.answeredByWire(code, message);
  }

  onEnd(end: CallEnd): void {
    this.call.finish(this.endingOf(end));
  }

  /** Whether a message's memory can be released at once; a transport other than a socket may still hold it. */
  private givesBack(bytes: Buffer): boolean {
    if (bytes.length < LARGE_BYTES) return false;
    return this.call.bound?.codec.ownMemory === true && this.connection.socket instanceof Socket;
  }

  private endingOf(end: CallEnd): WireOutcome {
    if (end.how === 'status') {
      const { httpStatus = 200 } = this.incoming.refusal ?? {};
      // Callers see only the HTTP status, and turn it into UNKNOWN.
      if (httpStatus === 415) {
        return { code: Code.UNKNOWN, message: 'refused with HTTP status 415', cause: 'status' };
      }
      return { code: end.code, message: end.code === Code.OK ? '' : end.message, cause: 'status' };
    }
    return endingOfAbandoned({
      deadline: this.incoming.deadline,
      now: this.connection.now(),
      connectionLost: end.how === 'lost',
      cancelled: end.how === 'reset' && end.code === ErrorCode.CANCEL,
    });
  }
}

/**
 * From this size on, garbage awaiting collection triggers collections over and over, across the service's entire heap.
 */
const LARGE_BYTES = 1024 * 1024;

/** Releases a large message's memory; it must not be read again. */
function giveBack({ buffer }: Buffer, then?: () => void): void {
  then?.();
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Headers of HTTP/2 and gRPC that are not metadata of the call, as in grpc-js. */
const OF_THE_WIRE: ReadonlySet<string> = new Set([
  'accept-encoding',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-timeout',
  'te',
]);

function toMetadata(headers: RequestHeaders): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of headers) {
    if (OF_THE_WIRE.has(name)) continue;
    try {
      if (isBinaryKey(name)) for (const bytes of decodeBinaryValues(value)) metadata.add(name, bytes);
      else metadata.add(name, value);
    } catch {
      // HTTP allows what metadata cannot represent; nobody could read it.
    }
  }
  return metadata;
}

function toFields(metadata: Metadata | undefined): Array<[name: string, value: string | Buffer]> | undefined {
  if (!metadata) return undefined;
  const lists = metadata.toJSON() as Readonly<Record<string, readonly MetadataValue[]>>;
  const fields = Object.entries(lists).flatMap(([name, values]) =>
    values.map((value): [string, string | Buffer] => [name, value]),
  );
  return fields.length > 0 ? fields : undefined;
}
