import { KunConfigModule, type KunConfigOptions } from '@kun/config';
import {
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { UPSTREAM_OPTIONS, type UpstreamOptions } from '../client/upstreams/upstream-options.js';
import { Identity } from '../identity/identity.js';
import { checkStopPlan, type StopPlan } from '../lifecycle/stop-plan.js';
import { portOverrides, type KunModuleOptions, type KunRuntime } from './options.js';
import { KUN_OPTIONS, KUN_RUNTIME, KUN_STOP_PLAN } from './tokens.js';
import { identityProvider, kunProviders } from './providers.js';
import { ModuleOptionsError } from './check-options.js';
import { checkSettings } from '../settings/check-settings.js';
import { settingsSchema } from '../settings/settings.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { nestPinoProviders, tokenOf } from '../logs/nest-pino-logger.js';

/** Options of `KunModule.forRootAsync`; a class provides them through `createKunOptions()`. */
export type KunModuleAsyncOptions = ConfigurableModuleAsyncOptions<KunModuleOptions, 'createKunOptions'>;

/** The identity and runtime options: everything needed to load the configuration. */
@Module({})
class KunIdentityModule {
  static for(options: Provider[], imports: NonNullable<ModuleMetadata['imports']> = []): DynamicModule {
    return {
      module: KunIdentityModule,
      imports,
      providers: [...options, identityProvider],
      exports: [KUN_OPTIONS, Identity],
    };
  }
}

/**
 * Makes a Nest application a production-ready gRPC service. Import it once, in the root module, and run that with
 * `KunFactory.run(AppModule)`:
 *
 * ```ts
 * KunModule.forRoot({ service: 'echo', proto: { package: 'kun.echo.v1', path: 'proto/echo.proto' } })
 * ```
 *
 * Everything it provides can be injected everywhere: `Identity`, `Configuration` and `ConfigService`, `Lifecycle`,
 * `Readiness`, `Liveness`, nestjs-pino's `PinoLogger`, `Meter`.
 */
@Module({})
export class KunModule {
  static forRoot(options: KunModuleOptions): DynamicModule {
    return KunModule.with(KunIdentityModule.for([{ provide: KUN_OPTIONS, useValue: options }]));
  }

  /**
   * Like `forRoot`, with options computed in one of Nest's three ways: `useFactory` with `inject` and `imports`,
   * `useClass`, or `useExisting`. They are needed to load the configuration, so it cannot be injected into them.
   *
   * ```ts
   * KunModule.forRootAsync({ useFactory: async () => ({ service: 'echo', proto: await findProto() }) })
   * ```
   */
  static forRootAsync(options: KunModuleAsyncOptions): DynamicModule {
    return KunModule.with(KunIdentityModule.for(asyncOptions(options), options.imports));
  }

  private static with(identity: DynamicModule): DynamicModule {
    // Not earlier: nestjs-pino collects the classes seen so far that use `@InjectPinoLogger`.
    const providers = [...kunProviders, ...nestPinoProviders(ApplicationLogger)];
    return {
      module: KunModule,
      global: true,
      imports: [identity, configuration(identity)],
      providers,
      exports: [identity, ...providers.map(tokenOf)],
    };
  }
}

function configuration(identity: DynamicModule): DynamicModule {
  return KunConfigModule.forRootAsync({
    imports: [identity],
    inject: [
      KUN_OPTIONS,
      Identity,
      ModulesContainer,
      { token: KUN_RUNTIME, optional: true },
      { token: KUN_STOP_PLAN, optional: true },
    ],
    useFactory: (
      options: KunModuleOptions,
      { service, cluster, instance, inKubernetes }: Identity,
      modules: ModulesContainer,
      { env = process.env, overrides, ...runtime }: KunRuntime = {},
      stopPlan: StopPlan = [],
    ): KunConfigOptions => ({
      base: env['KUN_BASE'] || options.base,
      service,
      cluster,
      instance,
      env,
      overrides,
      schemas: [settingsSchema, ...(options.config?.schemas ?? [])],
      checks: [
        (settings) =>
          checkSettings(settings, {
            inKubernetes,
            ports: portOverrides(runtime),
            upstreams: registeredUpstreams(modules),
          }),
        (settings) => checkStopPlan(settings, { inKubernetes, ports: portOverrides(runtime) }, stopPlan),
      ],
    }),
  });
}

/** Known before any client is created, because it is part of the module metadata. */
function registeredUpstreams(modules: ModulesContainer): string[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const registered = providers.get(UPSTREAM_OPTIONS)?.instance as readonly UpstreamOptions[] | undefined;
    return (registered ?? []).map(({ name }) => name);
  });
}

interface OptionsFactory {
  createKunOptions(): KunModuleOptions | Promise<KunModuleOptions>;
}

/** The providers that compute the options. */
function asyncOptions(options: KunModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [], provideInjectionTokensFrom = [] } = options;
  if (useFactory) return [...provideInjectionTokensFrom, { provide: KUN_OPTIONS, inject, useFactory }];
  const maker = useExisting ?? useClass;
  if (!maker)
    throw new ModuleOptionsError('KunModule.forRootAsync(...) requires useFactory, useClass or useExisting');
  const made: Provider = {
    provide: KUN_OPTIONS,
    inject: [maker],
    useFactory: (factory: OptionsFactory) => factory.createKunOptions(),
  };
  return useClass ? [useClass, made] : [made];
}
