/**
 * A server of the kind given as argument: answers every unary call with its request, and `/Watch` with 1000 messages.
 */
import http2 from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { serveConnection, WireProcess } from '@kun/wire';

const EVENT = Buffer.from('\x08\x2a\x12\x05event', 'latin1');
const EVENTS = 1000;
/** How many messages are sent before the transport has accepted any. */
const WINDOW = 64;

const kinds: Record<string, () => Promise<number>> = {
  wire() {
    const wire = new WireProcess();
    const server = createServer({ noDelay: true }, (socket) => {
      serveConnection(socket, { process: wire }, (call) => {
        let request: Buffer | undefined;
        const watch = call.path.endsWith('/Watch');
        call.read();
        return {
          onMessage(bytes) {
            request = bytes;
            call.read();
          },
          onHalfClose() {
            if (watch) {
              let left = EVENTS;
              let free = WINDOW;
              const send = (): void => {
                while (left > 0 && free > 0) {
                  left--;
                  free--;
                  call.sendMessage(EVENT, taken);
                  if (left === 0) call.sendStatus(0);
                }
              };
              const taken = (): void => {
                if (++free === WINDOW / 2) send();
              };
              send();
            } else {
              const answer = request ?? EVENT;
              // Like any handler, it answers in a later microtask.
              void Promise.resolve().then(() => {
                call.sendMessage(answer);
                call.sendStatus(0);
              });
            }
          },
          onAnswered() {},
          onEnd() {},
        };
      });
    });
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  },

  http2() {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      // Callers that hang up.
      stream.on('error', () => {});
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      });
    });
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  },

  async grpcjs() {
    const grpc = await import('@grpc/grpc-js');
    const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
    const raw = (value: Buffer): Buffer => value;
    const method = (name: string, responseStream: boolean) => ({
      path: `/bench.Echo/${name}`,
      requestStream: false,
      responseStream,
      requestSerialize: raw,
      requestDeserialize: raw,
      responseSerialize: raw,
      responseDeserialize: raw,
    });
    server.addService(
      { Echo: method('Echo', false), Watch: method('Watch', true) },
      {
        Echo: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
          void Promise.resolve().then(() => done(null, call.request));
        },
        Watch: (call: { write(m: Buffer): boolean; once(e: 'drain', f: () => void): void; end(): void }) => {
          let left = EVENTS;
          const send = (): void => {
            while (left > 0) {
              left--;
              if (!call.write(EVENT) && left > 0) {
                call.once('drain', send);
                return;
              }
            }
            call.end();
          };
          send();
        },
      },
    );
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  },
};

const kind = process.argv[2] ?? 'wire';
const port = await kinds[kind]?.();
process.send?.({ port });
process.on('message', (message) => {
  if (message === 'stop') process.exit();
  if (message === 'memory') {
    globalThis.gc?.();
    process.send?.(process.memoryUsage());
    return;
  }
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuUs: user + system, rss: process.memoryUsage.rss() });
});
