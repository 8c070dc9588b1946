import {
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { describeMethod, type RpcMethod } from '../../../rpc/rpc-method.js';
import type { BoundMethod } from '../../call/bound-method.js';
import type { CallEnvironment } from '../../call/call-environment.js';
import { ServerCall } from '../../call/server-call.js';
import type { StreamEndings } from './stream-endings.js';

/** What is decided at start, for all calls. */
export interface CallInterceptorOptions {
  readonly methods: ReadonlyMap<string, BoundMethod>;
  readonly endings: Pick<StreamEndings, 'attach'>;
  readonly environment: CallEnvironment<ServerCall>;
  /** Takes a call through the chain; throws nothing. */
  readonly run: (call: ServerCall) => void;
}

/**
 * Answers each call at grpc-js' intercepting call, where messages are read when asked for and every status passes: no
 * surface object is built, and what is returned to grpc-js' own handler layer is inert. Services that are not the
 * user's (health, reflection) go on to grpc-js' handlers, watched by the same chain.
 */
export function callInterceptor(options: CallInterceptorOptions): ServerInterceptor {
  const { methods, endings, environment, run } = options;
  const inert = new InertCall();
  const others = new Map<string, RpcMethod>();

  return function answerHere(definition, wire) {
    const bound = methods.get(definition.path);
    if (bound) {
      const call = new ServerCall(bound.method, wire, environment, bound);
      endings.attach(call);
      wire.start(call);
      // On a stream that is closed already, grpc-js starts nothing.
      call.metadata ??= new Metadata();
      run(call);
      return inert;
    }
    let method = others.get(definition.path);
    if (!method) others.set(definition.path, (method = describeMethod(definition.path, definition)));
    const call = new ServerCall(method, wire, environment);
    // No handler of kun's will run for it.
    call.handlerDone();
    endings.attach(call);
    return watched(call, wire, run);
  };
}

function watched(
  call: ServerCall,
  wire: ServerInterceptingCallInterface,
  run: (call: ServerCall) => void,
): ServerInterceptingCall {
  return new ServerInterceptingCall(wire, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata, pass) {
          call.onReceiveMetadata(metadata);
          run(call);
          pass(metadata);
        },
        onReceiveMessage(message, pass) {
          call.countReceived(message);
          pass(message);
        },
        onCancel() {
          call.onCancel();
        },
      }),
    sendMessage(message, pass) {
      call.countSent(message);
      pass(message);
    },
  });
}

/** What grpc-js' handler layer gets: it may start it, and nothing happens. */
class InertCall extends ServerInterceptingCall {
  constructor() {
    super({
      start() {},
      sendMetadata() {},
      sendMessage() {},
      sendStatus() {},
      startRead() {},
      getPeer: () => 'unknown',
      getDeadline: () => Infinity,
      getHost: () => '',
      getAuthContext: () => ({}),
      getConnectionInfo: () => ({}),
      getMetricsRecorder() {
        throw new Error('an inert call records nothing');
      },
    });
  }

  override start(): void {}
}
