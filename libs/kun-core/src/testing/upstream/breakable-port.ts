import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How a port treats connections. */
export type PortState = 'relaying' | 'silent' | 'refusing';

/** A loopback port that relays to another port, and that can fail the way networks do. */
export class BreakablePort {
  /** Stays the same, even while connections are refused. */
  readonly port: number;
  private current: PortState = 'relaying';
  private readonly callers = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly to: number,
  ) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (caller) => this.accept(caller));
  }

  /** Opens one that relays to port `to`. */
  static async open(to: number): Promise<BreakablePort> {
    const server = createServer({ noDelay: true });
    await listening(server, 0);
    return new BreakablePort(server, to);
  }

  get state(): PortState {
    return this.current;
  }

  /** Ends all connections with RST, like a peer whose process dies. */
  reset(): void {
    for (const caller of this.callers) caller.resetAndDestroy();
  }

  /** Stops relaying in both directions; connections stay open, and new ones are accepted. */
  silence(): void {
    this.current = 'silent';
  }

  /** Ends all connections, and refuses new ones. */
  async refuse(): Promise<void> {
    this.current = 'refusing';
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    this.reset();
    await closed;
  }

  /** Relays again. Connections that lost data meanwhile are ended; callers open new ones. */
  async heal(): Promise<void> {
    const was = this.current;
    this.current = 'relaying';
    if (was === 'silent') this.reset();
    if (was === 'refusing') await listening(this.server, this.port);
  }

  /** Closes the port and all connections. */
  async close(): Promise<void> {
    await this.refuse();
  }

  private accept(caller: Socket): void {
    const onwards = connect({ port: this.to, host: '127.0.0.1', noDelay: true });
    this.callers.add(caller);
    const relay = (from: Socket, into: Socket) => {
      from.on('data', (bytes) => this.current === 'relaying' && into.write(bytes));
      from.on('end', () => this.current === 'relaying' && into.end());
      // Resets are expected here.
      from.on('error', () => {});
      from.on('close', () => into.destroy());
    };
    relay(caller, onwards);
    relay(onwards, caller);
    caller.on('close', () => this.callers.delete(caller));
  }
}

async function listening(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}
