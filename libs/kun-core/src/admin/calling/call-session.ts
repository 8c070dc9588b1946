import type { ServerResponse } from 'node:http';
import type { Metadata } from '@grpc/grpc-js';
import type { LocalCall, LocalCallListener } from '../../server/port/local-call.js';
import type { CallStatus } from '../../server/call/wire-call.js';
import { conflict, tooMany } from '../access/http-error.js';
import type { CallEvent } from '../answers/calling.js';
import { shownEntries } from './call-request.js';
import { shownStatus, type CheckedCall } from './check-call.js';

/** The collaborators of a call session. */
export interface CallSessionParts extends Pick<CheckedCall, 'metadata' | 'deadline' | 'method'> {
  readonly peer: string;
  /** Receives the events. */
  readonly response: ServerResponse;
}

/** How many requests may wait for the handler to read them. */
const MAX_WAITING = 1000;

/** A call made for somebody at the admin port: what happens is written as a line of JSON each, as fast as they read. */
export class CallSession implements LocalCallListener {
  readonly peer: string;
  readonly metadata: Metadata;
  readonly deadline: number;
  private call: LocalCall | undefined;
  private complete = false;
  private readonly untaken: Array<() => void> = [];
  private received = 0;
  private ended = false;
  private readonly startedAt = performance.now();

  constructor(private readonly parts: CallSessionParts) {
    ({ peer: this.peer, metadata: this.metadata, deadline: this.deadline } = parts);
    // Disconnecting cancels the call.
    parts.response.once('close', () => this.cancel());
    parts.response.on('drain', () => {
      for (const taken of this.untaken.splice(0)) taken();
    });
    // Without a listener it would crash the process.
    parts.response.on('error', () => {});
  }

  /** Starts the call. */
  begin(call: LocalCall, open: Extract<CallEvent, { type: 'open' }>): void {
    this.call = call;
    this.parts.response.writeHead(200, {
      'Content-Type': 'application/x-ndjson; charset=utf-8',
      'X-Accel-Buffering': 'no',
    });
    this.write(open);
  }

  /** @throws {HttpError} when a message does not fit its proto, the request is complete, or too many wait. */
  send(messages: readonly unknown[]): void {
    if (this.complete) throw conflict('the request of the call is complete: no message can follow');
    const encoded = messages.map((message) => this.parts.method.encode(message));
    const waiting = (this.call?.waiting ?? 0) + encoded.length;
    if (waiting > MAX_WAITING) {
      throw tooMany(`the handler has not read ${MAX_WAITING} messages yet; send more when it has`);
    }
    for (const bytes of encoded) this.call?.push(bytes);
  }

  /** Ends the request. */
  halfClose(): void {
    this.complete = true;
    this.call?.halfClose();
  }

  cancel(): void {
    this.call?.cancel();
  }

  onHeaders(metadata: Metadata): void {
    this.write({ type: 'headers', metadata: shownEntries(metadata) });
  }

  onMessage(bytes: Buffer, taken: () => void): void {
    const index = this.received++;
    try {
      this.write({ type: 'message', index, message: this.parts.method.decode(bytes) });
    } catch (cause) {
      this.write({ type: 'message', index, error: cause instanceof Error ? cause.message : 'unreadable' });
    }
    const { response } = this.parts;
    // Once closed it drains no more, and the call is cancelled.
    if (response.writableNeedDrain) this.untaken.push(taken);
    else taken();
  }

  onEnd(status: CallStatus): void {
    if (this.ended) return;
    this.write({
      type: 'end',
      ...shownStatus(status),
      trailers: shownEntries(status.metadata),
      durationMs: Math.round((performance.now() - this.startedAt) * 1000) / 1000,
    });
    this.ended = true;
    this.parts.response.end();
  }

  private write(event: CallEvent): void {
    const { response } = this.parts;
    if (!this.ended && !response.destroyed) response.write(`${JSON.stringify(event)}\n`);
  }
}
