import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { clientToken, nestClientToken } from './inject-client.js';
import { nestClient } from './nest-client.js';
import type { TypedClient } from './upstream-client.js';
import { UpstreamFactory } from './upstream-factory.js';
import {
  UPSTREAM_OPTIONS,
  type AnyUpstreamOptions,
  type GeneratedUpstreamOptions,
  type UpstreamOptions,
} from './upstream-options.js';

/**
 * Provides clients of upstreams to the module that imports it:
 *
 * ```ts
 * KunClientModule.register([
 *   { name: 'cache', package: 'acme.cache.v1', service: 'CacheService', path: 'proto/cache.proto' },
 * ])
 * ```
 *
 * and `constructor(@InjectClient('cache') private readonly cache: CacheServiceClient) {}`. An upstream's address and
 * call settings come from the configuration, `Upstreams.cache` over `GRPCDial`. Several modules may register the same
 * upstream with the same options; they share its channel.
 */
@Module({})
export class KunClientModule {
  static register(upstreams: readonly AnyUpstreamOptions[]): DynamicModule {
    const place = callerPlace();
    return moduleOf(
      upstreams,
      upstreams.flatMap((options) => clientProviders(options, { useFactory: () => options }, place)),
    );
  }

  /**
   * Like `register`, with computed options: one factory per upstream. The name must be known beforehand, because the
   * upstream is configured and injected by it.
   */
  static registerAsync(upstreams: readonly UpstreamAsyncOptions[]): DynamicModule {
    const place = callerPlace();
    const providers = upstreams.flatMap((upstream) => clientProviders(upstream, upstream, place));
    return {
      ...moduleOf(upstreams, providers),
      imports: upstreams.flatMap(({ imports = [] }) => imports),
    };
  }
}

/** An upstream of `KunClientModule.registerAsync`. */
export interface UpstreamAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>, Pick<FactoryProvider, 'inject'> {
  /** The name it is injected by and configured under. */
  readonly name: string;
  /** Computes the other options from the `inject` dependencies. */
  readonly useFactory: FactoryProvider<
    Omit<UpstreamOptions, 'name'> | Omit<GeneratedUpstreamOptions, 'name'>
  >['useFactory'];
}

function moduleOf(upstreams: readonly Named[], providers: FactoryProvider[]): DynamicModule {
  return {
    module: KunClientModule,
    providers: [
      { provide: UPSTREAM_OPTIONS, useValue: upstreams.map(({ name }) => ({ name })) },
      ...providers,
    ],
    exports: providers.map(({ provide }) => provide),
  };
}

type Named = Pick<UpstreamOptions, 'name'>;

function clientProviders(
  { name }: Named,
  { inject = [], useFactory }: Pick<UpstreamAsyncOptions, 'inject' | 'useFactory'>,
  place: string,
): FactoryProvider[] {
  const made = Symbol(`options of upstream ${name}`);
  const registration = (options: AnyUpstreamOptions) => ({ options: { ...options, name }, place });
  return [
    { provide: made, inject, useFactory },
    {
      provide: clientToken(name),
      inject: [UpstreamFactory, made],
      useFactory: (factory: UpstreamFactory, options: AnyUpstreamOptions) =>
        factory.open(registration(options)).client,
    },
    {
      // Derived from the other form, so that a test that overrides that one replaces both, and nothing is dialled.
      provide: nestClientToken(name),
      inject: [UpstreamFactory, made, clientToken(name)],
      useFactory: (factory: UpstreamFactory, options: AnyUpstreamOptions, client: TypedClient) =>
        nestClient(name, factory.serviceOf(registration(options)), client),
    },
  ];
}

/** File, line and column of the call site. */
function callerPlace(): string {
  const frame = new Error().stack?.split('\n')[3] ?? '';
  return /\(?((?:file:\/\/|\/|[a-z]:\\)[^()]*:\d+:\d+)\)?$/i.exec(frame)?.[1] ?? 'an unknown place';
}
