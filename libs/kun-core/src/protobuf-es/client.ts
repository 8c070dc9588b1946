import type { DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';
import type { CallOptions } from '../client/call/call-options.js';

/**
 * The client of a protobuf-es service, as injected by `@InjectClient` for an upstream that is registered with `proto:
 * protobufEs(...)`:
 *
 * ```ts
 * constructor(@InjectClient('stock') private readonly stock: Client<typeof StockService>) {}
 * ```
 *
 * A request is a message, or what `create` accepts for one.
 */
export type Client<Service extends DescService> = {
  readonly [Method in keyof Service['method']]: ClientMethod<Service['method'][Method]>;
};

/** One method of a {@link Client}. */
export type ClientMethod<Method extends Pick<DescMethod, 'input' | 'output' | 'methodKind'>> = (
  request: Method['methodKind'] extends 'client_streaming' | 'bidi_streaming'
    ? | AsyncIterable<MessageInitShape<Method['input']>>
      | Iterable<MessageInitShape<Method['input']>>
      | Observable<MessageInitShape<Method['input']>>
    : MessageInitShape<Method['input']>,
  options?: CallOptions,
) => Method['methodKind'] extends 'server_streaming' | 'bidi_streaming'
  ? AsyncIterableIterator<MessageShape<Method['output']>, undefined>
  : Promise<MessageShape<Method['output']>>;
