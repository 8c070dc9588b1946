import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Metadata, type Client, type ServiceError, type StatusObject } from '@grpc/grpc-js';

/** What a call came to. */
export interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly text: string | undefined;
  readonly tookMs: number;
}

/** Makes a unary call with bytes for messages. */
export function callOnce(
  client: Client,
  options: { deadlineMs?: number; waitForReady?: boolean; path?: string } = {},
): Promise<Outcome> {
  const { deadlineMs = 5_000, waitForReady = false, path = '/t.v1.T/Unary' } = options;
  const startedAt = performance.now();
  const metadata = new Metadata();
  metadata.setOptions({ waitForReady });
  const bytes = (value: Buffer) => value;
  return new Promise((resolve) => {
    let text: string | undefined;
    const onResponse = (_error: ServiceError | null, value?: Buffer) => (text = value?.toString());
    client
      .makeUnaryRequest(
        path,
        bytes,
        bytes,
        Buffer.alloc(0),
        metadata,
        { deadline: Date.now() + deadlineMs },
        onResponse,
      )
      .on('status', ({ code, details }: StatusObject) =>
        setImmediate(() => resolve({ code, details, text, tookMs: performance.now() - startedAt })),
      );
  });
}

/** Listens on a port of the loopback interface, a given one or any free one. */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

/** A TCP relay that can swallow everything on the connections it has, as a network that drops packets. */
export class Relay {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private readonly silenced = new WeakSet<Socket>();
  accepted = 0;
  port = 0;

  constructor(private readonly to: number) {
    this.server = createServer((socket) => this.accept(socket));
  }

  async start(): Promise<this> {
    this.port = await listen(this.server);
    return this;
  }

  /** Nothing passes any more over the connections there are; new ones work. Settles when the caller has cut them all. */
  silence(): { cut: Promise<unknown> } {
    for (const socket of this.sockets) this.silenced.add(socket);
    return {
      cut: Promise.all(
        [...this.sockets].map(
          (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
        ),
      ),
    };
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    this.accepted++;
    const peer = connect(this.to, '127.0.0.1');
    this.sockets.add(socket);
    const forward = (from: Socket, into: Socket) =>
      from.on('data', (data) => {
        if (!this.silenced.has(socket)) into.write(data);
      });
    forward(socket, peer);
    forward(peer, socket);
    for (const end of [socket, peer]) end.on('error', () => undefined);
    socket.once('close', () => {
      this.sockets.delete(socket);
      peer.destroy();
    });
    peer.once('close', () => {
      if (!this.silenced.has(socket)) socket.destroy();
    });
  }
}
