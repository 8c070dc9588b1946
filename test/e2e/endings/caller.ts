import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import {
  credentials,
  makeGenericClientConstructor,
  type Client,
  type MethodDefinition,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { startCall, type Call, type CallInput } from '../call.js';
import { FragileLink } from './fragile-link.js';
import type { Moments } from './moments.js';

/** The four methods of every service of the table. */
export const KINDS = ['Unary', 'Watch', 'Collect', 'Chat'] as const;
export type Kind = (typeof KINDS)[number];

/** What a caller may do otherwise than its proto says. */
type Twist = Partial<Pick<MethodDefinition<object, object>, 'path' | 'requestStream' | 'requestSerialize'>>;

/** Makes one call of the table, and knows how far the server has got with it. */
export class Caller {
  private readonly clients: Client[] = [];

  constructor(
    private readonly definition: ServiceDefinition,
    readonly kind: Kind,
    readonly requestId: string,
    private readonly port: number,
    private readonly moments: Moments,
  ) {}

  get requestStream(): boolean {
    return this.kind === 'Collect' || this.kind === 'Chat';
  }

  get responseStream(): boolean {
    return this.kind === 'Watch' || this.kind === 'Chat';
  }

  get arrived(): Promise<void> {
    return this.moments.arrived(this.requestId);
  }

  get handled(): Promise<void> {
    return this.moments.handled(this.requestId);
  }

  start(input: CallInput = {}, twist: Twist = {}, address = `127.0.0.1:${this.port}`): Call {
    const own = this.definition[this.kind];
    if (!own) throw new Error(`there is no method ${this.kind}`);
    const method = { ...own, ...twist };
    const client = new (makeGenericClientConstructor({ [this.kind]: method }, 'Caller'))(
      address,
      credentials.createInsecure(),
      { 'grpc.enable_retries': 0 },
    );
    this.clients.push(client);
    const metadata = { ...input.metadata, 'x-request-id': this.requestId };
    return startCall(client, this.kind, { requests: [{ text: 'request', n: 1 }], ...input, metadata });
  }

  link(): Promise<FragileLink> {
    return FragileLink.to(this.port);
  }

  /** Speaks HTTP/2 and no gRPC; says the HTTP status. */
  async post(path: string): Promise<number> {
    const session = connect(`http://127.0.0.1:${this.port}`);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'x-request-id': this.requestId,
    });
    stream.end();
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.resume();
    await once(stream, 'close');
    session.close();
    return Number(headers[constants.HTTP2_HEADER_STATUS]);
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}
