import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { Observable } from 'rxjs';

/**
 * The handlers of a service, from the `…ServiceImplementation` that ts-proto generates with the options of
 * `@kun/core/buf.gen.yaml`: what each gets, all three arguments of it, and what it may return.
 *
 * ```ts
 * class EchoController implements Handlers<EchoServiceImplementation> { ... }
 * ```
 *
 * - the request: a message, or the stream of them as an AsyncIterable and an Observable at once
 * - the request's metadata, which is always there
 * - the call, with grpc-js' surface; of a request stream, too, it is not the stream: its `request` is `undefined`
 *
 * A class may leave out arguments, and name as the request's type whichever form it uses.
 */
export type Handlers<Implementation> = {
  [Method in keyof Implementation]: Implementation[Method] extends (
    request: infer Request,
    ...others: never[]
  ) => infer Answer
    ? Handler<Request, Answer>
    : never;
};

/** A method's handler, from the request and the answer of ts-proto's form. */
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

/** A message of the answer. */
type ResponseOf<Answer> =
  Answer extends PromiseLike<infer Response>
    ? Response
    : Answer extends Streamed<infer Message>
      ? Message
      : never;

/** What ts-proto calls a `ServerStreamingMethodResult`, and AsyncIterables. */
interface Streamed<Message> {
  [Symbol.asyncIterator](): AsyncIterator<Message, unknown>;
}

type HandlerAnswer<Answer> =
  Answer extends PromiseLike<infer Response>
    ? Later<Response | Observable<Response> | Streamed<Response>>
    : Later<Observable<ResponseOf<Answer>> | Streamed<ResponseOf<Answer>> | Iterable<ResponseOf<Answer>>>;

type Later<Value> = Value | Promise<Value>;
