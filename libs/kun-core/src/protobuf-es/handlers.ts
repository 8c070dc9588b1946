import type {
  DescMessage,
  DescMethod,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { Observable } from 'rxjs';

/**
 * The handler types of a protobuf-es service: what each handler receives as its three arguments, and what it may
 * return.
 *
 * ```ts
 * class EchoController implements ServiceImpl<typeof EchoService> { ... }
 * ```
 *
 * - the request: a message, or a stream of messages that is both an AsyncIterable and an Observable
 * - the request's metadata, which is always present
 * - the call, with grpc-js' surface; for a request stream its `request` is `undefined`
 *
 * A class may omit arguments, and may declare the request as whichever form it uses.
 */
export type ServiceImpl<Service extends DescService> = {
  [Method in keyof Service['method']]: HandlerOf<Service['method'][Method]>;
};

/** The handler of one method. */
export type HandlerOf<Method extends Pick<DescMethod, 'input' | 'output' | 'methodKind'>> =
  Method['methodKind'] extends 'client_streaming' | 'bidi_streaming'
    ? (
        messages: AsyncIterable<MessageShape<Method['input']>> & Observable<MessageShape<Method['input']>>,
        metadata: Metadata,
        call: ServerUnaryCall<undefined, MessageShape<Method['output']>>,
      ) => Answer<Method>
    : (
        request: MessageShape<Method['input']>,
        metadata: Metadata,
        call: ServerUnaryCall<MessageShape<Method['input']>, MessageShape<Method['output']>>,
      ) => Answer<Method>;

/**
 * What a handler may return for a message: one created by `create`, or what `create` accepts; nothing at all if the
 * message has no fields, like `google.protobuf.Empty`.
 */
export type ResponseInit<Message extends DescMessage> =
  | MessageInitShape<Message>
  | ([Exclude<keyof MessageShape<Message>, '$typeName' | '$unknown'>] extends [never] ? void : never);

type Answer<Method extends Pick<DescMethod, 'output' | 'methodKind'>> = Method['methodKind'] extends
  'server_streaming' | 'bidi_streaming'
  ? Later<
      | Observable<MessageInitShape<Method['output']>>
      | Streamed<MessageInitShape<Method['output']>>
      | Iterable<MessageInitShape<Method['output']>>
    >
  : Later<
      | ResponseInit<Method['output']>
      | Observable<MessageInitShape<Method['output']>>
      | Streamed<MessageInitShape<Method['output']>>
    >;

interface Streamed<Message> {
  [Symbol.asyncIterator](): AsyncIterator<Message, unknown>;
}

type Later<Value> = Value | Promise<Value>;
