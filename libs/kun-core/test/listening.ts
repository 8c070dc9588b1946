import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Listener, type ListenerOptions } from '../src/server/port/listener.js';
import { deferred } from '../src/testing/deferred.js';
import { FakeClock } from '../src/testing/fake-clock.js';

/** A listener whose engine records what it is given and closes nothing by itself; `ends` is called after the test. */
export async function listening(
  ends: Array<() => unknown>,
  options: ListenerOptions = {},
  asksToLeave = true,
) {
  const served: Array<{ socket: Socket; acceptedAt: number; used: () => void }> = [];
  const told: string[] = [];
  const leaving = deferred();
  const engine = {
    serve(socket: Socket, acceptedAt: number, used: () => void) {
      served.push({ socket, acceptedAt, used });
      return asksToLeave ? () => void told.push(`leave ${socket.remotePort}`) : undefined;
    },
    leave: () => (told.push('goaway'), leaving.promise),
    close: () => void told.push('close'),
  };
  const listener = new Listener(engine, options);
  const port = await listener.listen({ port: 0, host: '127.0.0.1' });
  const clock = new FakeClock();
  ends.push(async () => {
    leaving.resolve();
    await listener.stopAccepting();
    const closed = listener.closeConnections(clock, 0);
    await clock.advance(0);
    await closed;
  });
  const open = async () => {
    const client = connect(port, '127.0.0.1').on('error', () => undefined);
    ends.push(() => client.destroy());
    await once(client, 'connect');
    return client.resume();
  };
  return { listener, port, served, told, leaving, open, clock };
}
