import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A peer that took part in nothing yet; `await using` closes it. */
export interface SilentPeer {
  readonly address: string;
  /** Connections so far. */
  readonly accepted: number;
  /** Hands further connections on to an address. */
  heal(address: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Accepts and says nothing, until it is told to be a relay. Connections made before stay silent. */
export async function silentPeer(port = 0): Promise<SilentPeer> {
  const sockets = new Set<Socket>();
  let target: number | undefined;
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    sockets.add(socket.on('error', () => {}));
    if (target === undefined) return;
    const onwards = connect(target, '127.0.0.1').on('error', () => {});
    sockets.add(onwards);
    socket.pipe(onwards).pipe(socket);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accepted() {
      return accepted;
    },
    heal(address: string) {
      target = Number(address.split(':')[1]);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
