import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { clientToken, nestClientToken } from './inject-client.js';
import { UpstreamFactory, type OpenedUpstream } from './upstream-factory.js';
import { UPSTREAM_OPTIONS, type UpstreamOptions } from './upstream-options.js';

/**
 * Clients of upstreams, for the module that imports it:
 *
 * ```ts
 * KunClientModule.register([
 *   { name: 'cache', package: 'acme.cache.v1', service: 'CacheService', path: 'proto/cache.proto' },
 * ])
 * ```
 *
 * and `constructor(@InjectClient('cache') private readonly cache: CacheServiceClient) {}`. Where an upstream is and how it
 * is called stands in the configuration, `Upstreams.cache` over `GRPCDial`.
 */
@Module({})
export class KunClientModule {
  static register(upstreams: readonly UpstreamOptions[]): DynamicModule {
    const providers = upstreams.flatMap(clientProviders);
    return {
      module: KunClientModule,
      providers: [{ provide: UPSTREAM_OPTIONS, useValue: upstreams }, ...providers],
      exports: providers.map(({ provide }) => provide),
    };
  }
}

function clientProviders(options: UpstreamOptions): FactoryProvider[] {
  const opened = Symbol(`upstream ${options.name}`);
  return [
    {
      provide: opened,
      inject: [UpstreamFactory],
      useFactory: (factory: UpstreamFactory) => factory.open(options),
    },
    {
      provide: clientToken(options.name),
      inject: [opened],
      useFactory: ({ typed }: OpenedUpstream) => typed,
    },
    {
      provide: nestClientToken(options.name),
      inject: [opened],
      useFactory: ({ nest }: OpenedUpstream) => nest,
    },
  ];
}
