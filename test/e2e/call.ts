import {
  Metadata,
  type CallOptions,
  type Client,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type MethodDefinition,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';

/** A message as grpc-js gives it. */
export type Message = Readonly<Record<string, unknown>>;

/** All that the caller saw. */
export interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Message[];
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata;
}

export interface CallInput {
  /** One for a single request; all of a request stream, which is ended after them unless `open`. Default: an empty one */
  readonly requests?: readonly Message[];
  /** Leaves a request stream open, for {@link Call.write}. */
  readonly open?: boolean;
  readonly metadata?: Readonly<Record<string, string | Buffer>>;
  readonly timeoutMs?: number;
}

/** A call under way. */
export interface Call {
  readonly outcome: Promise<Outcome>;
  /** Messages received so far. */
  readonly messages: readonly Message[];
  /** Settles when so many messages have come; rejects when the call ends before. */
  received(count: number): Promise<void>;
  write(message: Message): void;
  end(): void;
  cancel(): void;
}

/** Calls a method of any of the four kinds; what comes of it is always an outcome, never a rejection. */
export function startCall(client: Client, method: string, input: CallInput = {}): Call {
  const { requests = [{}], open = false, metadata = {}, timeoutMs } = input;
  const rpc = (client as unknown as Record<string, Rpc | undefined>)[method];
  if (!rpc) throw new Error(`the client has no method ${method}`);
  const messages: Message[] = [];
  const watchers = new Set<() => void>();
  const receive = (message: Message) => {
    messages.push(message);
    for (const watcher of watchers) watcher();
  };
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  const options: CallOptions = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
  const single = (_error: ServiceError | null, message?: Message) => message && receive(message);
  const args = [
    ...(rpc.requestStream ? [] : [requests[0] ?? {}]),
    headers,
    options,
    ...(rpc.responseStream ? [] : [single]),
  ];
  const call = rpc.call(client, ...args) as AnyCall;
  let responseHeaders: Metadata | undefined;
  call.on('metadata', (received: Metadata) => (responseHeaders = received));
  call.on('error', () => {});
  if (rpc.responseStream) call.on('data', receive);
  if (rpc.requestStream) {
    for (const request of requests) call.write(request);
    if (!open) call.end();
  }
  const outcome = new Promise<Outcome>((resolve) => {
    call.on('status', ({ code, details, metadata: trailers }: StatusObject) =>
      resolve({ code, details, messages, headers: responseHeaders, trailers }),
    );
  });
  return {
    outcome,
    messages,
    received: (count) =>
      new Promise((resolve, reject) => {
        const look = () => messages.length >= count && resolve();
        watchers.add(look);
        look();
        void outcome.then(({ code, details }) =>
          reject(new Error(`ended ${code} (${details}) after ${messages.length} of ${count} messages`)),
        );
      }),
    write: (message) => void call.write(message),
    end: () => void call.end(),
    cancel: () => call.cancel(),
  };
}

/** The same, to its end. */
export function call(client: Client, method: string, input?: CallInput): Promise<Outcome> {
  return startCall(client, method, input).outcome;
}

type Rpc = ((...args: unknown[]) => unknown) &
  Pick<MethodDefinition<object, object>, 'requestStream' | 'responseStream'>;
type AnyCall = ClientUnaryCall & ClientReadableStream<Message> & ClientWritableStream<Message>;
