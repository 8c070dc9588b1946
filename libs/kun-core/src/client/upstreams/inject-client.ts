import { Inject } from '@nestjs/common';

/** The injection token of the upstream's typed client. */
export function clientToken(name: string): symbol {
  return Symbol.for(`@kun/core/client/${name}`);
}

/** The injection token of the upstream's client in Nest's own form (`ClientGrpc`). */
export function nestClientToken(name: string): symbol {
  return Symbol.for(`@kun/core/nest-client/${name}`);
}

/** The name of the upstream whose client a token injects, in either form. */
export function clientNameOf(token: unknown): string | undefined {
  if (typeof token !== 'symbol') return undefined;
  return /^@kun\/core\/(?:nest-)?client\/(.*)$/.exec(token.description ?? '')?.[1];
}

/**
 * Injects the typed client of an upstream: `constructor(@InjectClient('cache') private cache: CacheServiceClient)`.
 * Unary calls return promises, streams are async iterables.
 */
export function InjectClient(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(clientToken(name));
}

/** Injects the same upstream in Nest's form: `client.getService<CacheService>('CacheService')`, with Observables. */
export function InjectNestClient(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(nestClientToken(name));
}
