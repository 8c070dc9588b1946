import { ConfigurableModuleBuilder, Logger, Module, Inject } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { DiscoveryModule } from '@nestjs/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Subscription } from 'rxjs';
import { ConfigWatcher, type WatchOptions } from '../live/config-watcher.js';
import { ConfigFeatures, featureModule } from './config-features.js';
import { Configuration } from '../live/configuration.js';
import { LayeredConfigService } from './layered-config-service.js';
import { loadConfig } from '../load/load-config.js';
import type { LoadConfigOptions } from '../load/load-options.js';
import type { LoadedConfig } from '../load/loaded-config.js';
import { ConfigChangeHandlers } from './on-config-change.js';
import { logReloads } from './reload-log.js';

/** What to load, or what was loaded already with {@link loadConfig}. */
export type KunConfigOptions = (LoadConfigOptions | { readonly loaded: LoadedConfig<unknown> }) & {
  /** Whether and how to follow changes of the files; default `true`, every second. */
  readonly watch?: boolean | WatchOptions | undefined;
};

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<KunConfigOptions>({
  moduleName: 'KunConfig',
})
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Loads the configuration when the application is created and provides it everywhere: as {@link Configuration} and
 * as `@nestjs/config`'s `ConfigService`. Follows changes of the files until the application closes. Nothing is kept
 * outside of the application, so several can run side by side.
 *
 * @throws {ConfigError} with everything that is wrong, when the application is created.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: Configuration,
      inject: [MODULE_OPTIONS_TOKEN, ConfigFeatures],
      useFactory: async (options: KunConfigOptions, features: ConfigFeatures) =>
        new Configuration(await load(options, features.schemas())),
    },
    {
      provide: ConfigService,
      inject: [Configuration],
      useFactory: (configuration: Configuration<unknown>) => new LayeredConfigService(configuration),
    },
    ConfigChangeHandlers,
    ConfigFeatures,
  ],
  exports: [Configuration, ConfigService],
})
export class KunConfigModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown
{
  /**
   * Lets a module contribute the schema of its own keys, which are then validated and reloaded with all others. A class
   * made by {@link ConfigSection} can be injected where this is imported; of any other schema the keys are read
   * from {@link Configuration}.
   */
  static forFeature(...schemas: readonly StandardSchemaV1[]): DynamicModule {
    return featureModule(schemas);
  }

  private readonly logger = new Logger('KunConfig');
  private watcher: ConfigWatcher | undefined;
  private log: Subscription | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: KunConfigOptions,
    private readonly configuration: Configuration<unknown>,
    private readonly handlers: ConfigChangeHandlers,
  ) {
    super();
  }

  onModuleInit(): void {
    this.handlers.connect();
    this.log = logReloads(this.configuration, this.logger);
    const { watch = true } = this.options;
    if (watch === false) return;
    this.watcher = new ConfigWatcher(this.configuration, watch === true ? {} : watch);
    this.watcher.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.watcher?.stop();
    this.handlers.disconnect();
  }

  onApplicationShutdown(): void {
    this.log?.unsubscribe();
    this.configuration.close();
  }
}

async function load(
  options: KunConfigOptions,
  features: readonly StandardSchemaV1[],
): Promise<LoadedConfig<unknown>> {
  const known = 'loaded' in options ? options.loaded.parts.options : options;
  const missing = features.filter((schema) => !known.schemas?.includes(schema));
  if ('loaded' in options && missing.length === 0) return options.loaded;
  return loadConfig<unknown>({ ...known, schemas: [...(known.schemas ?? []), ...missing] });
}
