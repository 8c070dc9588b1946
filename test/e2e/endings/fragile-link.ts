import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut. */
export class FragileLink {
  private readonly ends = new Set<Socket>();

  private constructor(private readonly listener: Server) {}

  static async to(port: number): Promise<FragileLink> {
    const listener = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        link.ends.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => to.destroy());
        from.pipe(to);
      }
    });
    const link = new FragileLink(listener);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return link;
  }

  get address(): string {
    return `127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Ends every connection: with a TCP reset, as when a process is killed, or with an orderly end of TCP. */
  cut(how: 'reset' | 'end'): void {
    this.listener.close();
    for (const socket of this.ends) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}
