import { status as Code } from '@grpc/grpc-js';
import { StatusError } from '../../status/status-error.js';
import type { RequestReader } from '../call/call-environment.js';
import type { ServerCall } from '../call/server-call.js';

/** Reads the one request of a unary or server-streaming call and hands it on at the caller's half-close. */
export class SingleRequest implements RequestReader {
  private request: unknown;
  private arrived = false;

  constructor(
    private readonly call: ServerCall,
    private readonly onRequest: (request: unknown) => void,
  ) {}

  start(): void {
    this.call.readWith(this);
    this.call.pull();
  }

  message(message: unknown): void {
    if (this.arrived) {
      this.refuse('sent a second request message');
      return;
    }
    this.arrived = true;
    this.request = message;
    this.call.pull();
  }

  halfClose(): void {
    if (this.arrived) this.onRequest(this.request);
    else this.refuse('sent no request message');
  }

  cancelled(): void {
    // No handler has started that could be told; a request that arrives now is dropped by the call.
  }

  /** UNIMPLEMENTED is what gRPC's other servers answer to a wrong number of messages. */
  private refuse(what: string): void {
    this.call.end(new StatusError(Code.UNIMPLEMENTED, `the caller of ${this.call.method.path} ${what}`));
  }
}
