import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { clientToken, nestClientToken } from './inject-client.js';
import { UpstreamFactory, type OpenedUpstream } from './upstream-factory.js';
import { UPSTREAM_OPTIONS, type UpstreamOptions, type UpstreamRegistration } from './upstream-options.js';

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
 * is called stands in the configuration, `Upstreams.cache` over `GRPCDial`. Several modules may register the same
 * upstream, with the same options: they share its channel.
 */
@Module({})
export class KunClientModule {
  static register(upstreams: readonly UpstreamOptions[]): DynamicModule {
    const place = callerPlace();
    const providers = upstreams.flatMap((options) => clientProviders({ options, place }));
    return {
      module: KunClientModule,
      providers: [{ provide: UPSTREAM_OPTIONS, useValue: upstreams }, ...providers],
      exports: providers.map(({ provide }) => provide),
    };
  }
}

function clientProviders(registration: UpstreamRegistration): FactoryProvider[] {
  const { options } = registration;
  const opened = Symbol(`upstream ${options.name}`);
  return [
    {
      provide: opened,
      inject: [UpstreamFactory],
      useFactory: (factory: UpstreamFactory) => factory.open(registration),
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

/** Where the caller of this function was called: file, line and column. */
function callerPlace(): string {
  const frame = new Error().stack?.split('\n')[3] ?? '';
  return /\(?((?:file:\/\/|\/|[a-z]:\\)[^()]*:\d+:\d+)\)?$/i.exec(frame)?.[1] ?? 'an unknown place';
}
