import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { Observable } from 'rxjs';

/**
 * The handler types of a service, derived from the `…ServiceImplementation` that ts-proto generates with the options of
 * `@kun/core/buf.gen.yaml`: what each handler receives as its three arguments, and what it may return.
 *
 * ```ts
 * class EchoController implements Handlers<EchoServiceImplementation> { ... }
 * ```
 *
 * - the request: a message, or a stream of messages that is both an AsyncIterable and an Observable
 * - the request's metadata, which is always present
 * - the call, with grpc-js' surface; for a request stream it is not the stream itself: its `request` is `undefined`
 *
 * A class may omit arguments, and may declare the request as whichever form it uses.
 */
export type Handlers<Implementation> = {
  [Method in keyof Implementation]: Implementation[Method] extends (
    request: infer Request,
    ...others: never[]
  ) => infer Answer
    ? Handler<Request, Answer>
    : never;
};

/** A method's handler, derived from ts-proto's request and response types. */
type Handler<Request, Answer> =
  Request extends AsyncIterable<infer Message>
    ? (
        messages: AsyncIterable<Message> & Observable<Message>,
        metadata: Metadata,
        call: ServerUnaryCall<undefined, ResponseOf<Answer>>,
      ) => HandlerAnswer<Answer>
    : (
        request: Request,
        metadata: Metadata,
        call: ServerUnaryCall<Request, ResponseOf<Answer>>,
      ) => HandlerAnswer<Answer>;

/** A response message. */
type ResponseOf<Answer> =
  Answer extends PromiseLike<infer Response>
    ? Response
    : Answer extends Streamed<infer Message>
      ? Message
      : never;

/** ts-proto's `ServerStreamingMethodResult`, and other AsyncIterables. */
interface Streamed<Message> {
  [Symbol.asyncIterator](): AsyncIterator<Message, unknown>;
}

type HandlerAnswer<Answer> =
  Answer extends PromiseLike<infer Response>
    ? Later<Response | Observable<Response> | Streamed<Response>>
    : Later<Observable<ResponseOf<Answer>> | Streamed<ResponseOf<Answer>> | Iterable<ResponseOf<Answer>>>;

type Later<Value> = Value | Promise<Value>;
