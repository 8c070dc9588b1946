import {
  connectivityState,
  status as Code,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type MethodDefinition,
  type StatusObject,
} from '@grpc/grpc-js';
import { attemptDeadline, attemptTimeoutMs } from '../../rpc/attempts.js';
import type { Ending } from '../../rpc/rpc-call.js';
import { encodeRequest, isMessageFailure } from './message-failure.js';
import { fromServiceError } from '../../status/wire/service-error.js';
import { StatusError, type Upstream } from '../../status/status-error.js';
import { toStatusError } from '../../status/thrown/to-status-error.js';
import {
  cleanMetadata,
  metadataSizeProblem,
  type OnLeftOut,
  type OutgoingMetadata,
} from '../../transport/outgoing-metadata.js';
import { cancelReason, type ClientCall } from './client-call.js';

type Rpc = MethodDefinition<unknown, unknown>;
/** The common surface of grpc-js' call objects of all kinds. */
type Surface = ClientUnaryCall;

/** Where attempts are sent. */
export interface AttemptTarget {
  readonly client: Client;
  /** The upstream that rethrown errors are attributed to. */
  readonly upstream: Upstream;
  /** Called with metadata that cannot be sent. */
  readonly onLeftOut: OnLeftOut;
}

/**
 * The innermost part of a client's chain: one attempt on the wire, of any kind. Resolves when it has ended and its
 * messages have been delivered; never rejects.
 */
export function attempt(target: AttemptTarget, rpc: Rpc, call: ClientCall): Promise<Ending> {
  const outgoing = cleanMetadata(call.metadata, 'request', target.onLeftOut);
  const refusal = call.refusal ?? tooLarge(call, outgoing);
  const request = refusal ?? singleRequest(target, rpc, call);
  if (request instanceof StatusError) return Promise.resolve(call.finish(endedHere(request)));
  return new Promise((resolve) => {
    let surface: Surface;
    let messages: AsyncIterator<unknown> | undefined;
    try {
      // Must come first, so that an unreadable stream leaves no call behind.
      messages = call.exchange.requests?.read();
      surface = open(target, rpc, call, request, outgoing.metadata);
    } catch (cause) {
      resolve(call.finish(endedHere(notOpened(target, cause))));
      return;
    }
    let cancelledBy: StatusError | undefined;
    const cancel = (reason: StatusError) => {
      cancelledBy ??= reason;
      surface.cancel();
    };
    const onAbort = () => cancel(cancelReason(call.signal));
    call.onCancel(cancel);
    call.signal.addEventListener('abort', onAbort, { once: true });
    const read = rpc.responseStream ? deliverStream(surface, call) : Promise.resolve();
    if (messages) sendStream(surface, messages, call, encoder(target, rpc, call), cancel);

    surface.on('metadata', (metadata: Metadata) => call.receiveMetadata(metadata));
    surface.on('error', () => undefined); // The status says the same.
    surface.on('status', (status: StatusObject) => {
      call.signal.removeEventListener('abort', onAbort);
      call.peer = surface.getPeer();
      call.receiveTrailers(status.metadata);
      const ending = call.finish(cancelledBy ? endedHere(cancelledBy) : endedBy(status, target.upstream));
      // A failed stream may never report its end.
      if (status.code === Code.OK) void read.then(() => resolve(ending));
      else resolve(ending);
    });
  });
}

/** grpc-js throws when the channel is closed, which happens after the last incoming call. */
function notOpened({ client, upstream }: AttemptTarget, cause: unknown): StatusError {
  if (client.getChannel().getConnectivityState(false) !== connectivityState.SHUTDOWN)
    return toStatusError(cause);
  const message = `the client of ${upstream.name ?? 'the upstream'} is closed`;
  return new StatusError(Code.UNAVAILABLE, message, { cause });
}

/** Checked here because a peer answers oversize metadata with a bare reset. */
function tooLarge(call: ClientCall, outgoing: OutgoingMetadata): StatusError | undefined {
  const problem = metadataSizeProblem(outgoing);
  if (problem === undefined) return undefined;
  return new StatusError(Code.RESOURCE_EXHAUSTED, `the request metadata of ${call.method.path} ${problem}`);
}

type Encode = (message: unknown) => Buffer | StatusError;

/**
 * kun encodes messages itself, so that a message that does not fit the proto is kun's own error and opens no stream.
 */
function encoder({ upstream }: AttemptTarget, rpc: Rpc, { method }: ClientCall): Encode {
  return (message) => encodeRequest(rpc.requestSerialize, message, method, upstream);
}

function singleRequest(target: AttemptTarget, rpc: Rpc, call: ClientCall): Buffer | StatusError | undefined {
  return rpc.requestStream ? undefined : encoder(target, rpc, call)(call.exchange.request);
}

const asBytes = (bytes: unknown): Buffer => bytes as Buffer;

function open(
  { client }: AttemptTarget,
  rpc: Rpc,
  call: ClientCall,
  encoded: Buffer | undefined,
  metadata: Metadata,
): Surface {
  const options = {
    deadline: attemptDeadline(call.deadline, call.get(attemptTimeoutMs), call.exchange.clock.now()),
  };
  const { path, responseDeserialize: deserialize } = rpc;
  const single = (_error: unknown, message?: unknown) => {
    if (message === undefined) return;
    call.exchange.committed = true;
    call.countReceived(message);
    call.exchange.deliver(message);
  };
  if (!rpc.requestStream) call.countSent(call.exchange.request);
  if (rpc.requestStream && rpc.responseStream) {
    return client.makeBidiStreamRequest(path, asBytes, deserialize, metadata, options);
  }
  if (rpc.requestStream) {
    return client.makeClientStreamRequest(path, asBytes, deserialize, metadata, options, single);
  }
  if (rpc.responseStream) {
    return client.makeServerStreamRequest(path, asBytes, deserialize, encoded, metadata, options);
  }
  return client.makeUnaryRequest(path, asBytes, deserialize, encoded, metadata, options, single);
}

/** Reads as fast as the caller consumes; resolves when all messages have been delivered. */
function deliverStream(surface: Surface, call: ClientCall): Promise<void> {
  const stream = surface as unknown as ClientReadableStream<unknown>;
  call.exchange.onDemand = () => stream.resume();
  return new Promise((resolve) => {
    stream.on('data', (message: unknown) => {
      call.exchange.committed = true;
      call.countReceived(message);
      if (!call.exchange.deliver(message)) stream.pause();
    });
    stream.on('end', () => resolve());
  });
}

/** Sends the caller's messages as fast as the upstream accepts them. */
function sendStream(
  surface: Surface,
  messages: AsyncIterator<unknown>,
  call: ClientCall,
  encode: Encode,
  cancel: (reason: StatusError) => void,
): void {
  const stream = surface as unknown as ClientDuplexStream<unknown, unknown>;
  let goOn: () => void = () => {};
  stream.on('drain', () => goOn());
  call.onEnd(() => {
    goOn();
    // Lets a source that is waiting for its next message clean up now.
    call.exchange.requests?.finish();
  });
  const send = async () => {
    const ended = (): boolean => call.ending !== undefined;
    while (!ended()) {
      const step = await messages.next();
      if (ended()) return;
      if (step.done) {
        stream.end();
        return;
      }
      const bytes = encode(step.value);
      if (bytes instanceof StatusError) return cancel(bytes);
      call.countSent(step.value);
      if (!stream.write(bytes)) await new Promise<void>((resolve) => (goOn = resolve));
    }
  };
  // An error thrown by the caller's own stream is reported to the caller.
  send().catch((error: unknown) => cancel(toStatusError(error)));
}

function endedBy(status: StatusObject, upstream: Upstream): Omit<Ending, 'durationMs'> {
  if (status.code === Code.OK) return { code: Code.OK, message: '', cause: 'status' };
  const error = fromServiceError(status, { upstream });
  return {
    code: error.code,
    message: error.message,
    error,
    cause: isMessageFailure(status) ? 'reset' : 'status',
  };
}

function endedHere(error: StatusError): Omit<Ending, 'durationMs'> {
  return { code: error.code, message: error.message, error, cause: 'reset' };
}
