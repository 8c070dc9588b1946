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
 * The handlers of a service of protobuf-es: what each gets, all three arguments of it, and what it may return.
 *
 * ```ts
 * class EchoController implements ServiceImpl<typeof EchoService> { ... }
 * ```
 *
 * - the request: a message, or the stream of them as an AsyncIterable and an Observable at once
 * - the request's metadata, which is always there
 * - the call, with grpc-js' surface; of a request stream its `request` is `undefined`
 *
 * A class may leave out arguments, and name as the request's type whichever form it uses.
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
 * What a handler may say for a message: one that `create` made, or what `create` takes; nothing at all where the message
 * has no field, as `google.protobuf.Empty`.
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
