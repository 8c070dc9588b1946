import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { MethodDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import { serveConnection, WireProcess, type CallListener, type IncomingCall } from '@kun/wire';
import { contend, versionsOf } from '../contender-process.js';
import { LOADER_OPTIONS, PROTO_PATH, SERVICE } from '../echo-proto.js';
import { INSTANCE } from '../scenarios.js';
import type { EchoRequest, WatchRequest } from './echo.messages.js';

/** So many messages of a stream are handed on before the socket has taken some. */
const WINDOW = 64;

type Method = MethodDefinition<object, object>;

/** kun's wire without kun: messages are decoded and encoded, and nothing else is done. */
contend(async ({ tls }) => {
  const { Echo, Watch, Chat } = loadSync(PROTO_PATH, LOADER_OPTIONS)[SERVICE] as Record<string, Method>;
  if (!Echo || !Watch || !Chat) throw new Error(`${SERVICE} lacks a method`);
  const answers = new Map<string, (call: IncomingCall) => CallListener>([
    [Echo.path, (call) => answerEach(call, Echo)],
    [Chat.path, (call) => answerEach(call, Chat)],
    [Watch.path, (call) => answerEvents(call, Watch)],
  ]);
  const wire = new WireProcess();
  const serve = (socket: Socket) => {
    serveConnection(socket, { process: wire }, (call) => {
      const answer = answers.get(call.path);
      if (!answer) throw new Error('the bench makes no such call');
      return answer(call);
    });
  };
  const server = tls
    ? createTlsServer(
        { cert: readFileSync(tls.certPath), key: readFileSync(tls.keyPath), ALPNProtocols: ['h2'] },
        (socket) => serve(socket.setNoDelay()),
      )
    : createServer({ noDelay: true }, serve);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    packages: versionsOf(import.meta.url, ['@kun/wire', '@grpc/proto-loader']),
    async stop() {
      server.close();
    },
  };
});

/** Answers each message with its text, in a later microtask as any handler does. */
function answerEach(call: IncomingCall, method: Method): CallListener {
  let answered = Promise.resolve();
  call.read();
  return listener({
    onMessage(bytes) {
      const { message } = method.requestDeserialize(bytes) as EchoRequest;
      answered = answered.then(() => {
        call.sendMessage(method.responseSerialize({ message, instance: INSTANCE }));
      });
      call.read();
    },
    onHalfClose() {
      void answered.then(() => call.sendStatus(0));
    },
  });
}

function answerEvents(call: IncomingCall, method: Method): CallListener {
  let count = 0;
  let seq = 0;
  let free = WINDOW;
  const send = (): void => {
    while (seq < count && free > 0) {
      seq++;
      free--;
      call.sendMessage(method.responseSerialize({ seq: String(seq), message: 'event' }), taken);
      if (seq === count) call.sendStatus(0);
    }
  };
  const taken = (): void => {
    if (++free === WINDOW / 2) send();
  };
  call.read();
  return listener({
    onMessage(bytes) {
      ({ count } = method.requestDeserialize(bytes) as WatchRequest);
      call.read();
    },
    onHalfClose: send,
  });
}

function listener(of: Pick<CallListener, 'onMessage' | 'onHalfClose'>): CallListener {
  return { ...of, onAnswered() {}, onEnd() {} };
}
