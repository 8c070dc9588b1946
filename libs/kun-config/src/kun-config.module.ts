import { ConfigurableModuleBuilder, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Inject } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { DiscoveryModule } from '@nestjs/core';
import type { Subscription } from 'rxjs';
import { ConfigWatcher, type WatchOptions } from './config-watcher.js';
import { Configuration } from './configuration.js';
import { LayeredConfigService } from './layered-config-service.js';
import { loadConfig } from './load-config.js';
import type { LoadConfigOptions } from './load-options.js';
import type { LoadedConfig } from './loaded-config.js';
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
 * @throws ConfigError from the creation of the application, with everything that is wrong
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: Configuration,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: async (options: KunConfigOptions) =>
        new Configuration('loaded' in options ? options.loaded : await loadConfig<unknown>(options)),
    },
    {
      provide: ConfigService,
      inject: [Configuration],
      useFactory: (configuration: Configuration<unknown>) => new LayeredConfigService(configuration),
    },
    ConfigChangeHandlers,
  ],
  exports: [Configuration, ConfigService],
})
export class KunConfigModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown
{
  readonly #logger = new Logger('KunConfig');
  #watcher: ConfigWatcher | undefined;
  #log: Subscription | undefined;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: KunConfigOptions,
    private readonly configuration: Configuration<unknown>,
    private readonly handlers: ConfigChangeHandlers,
  ) {
    super();
  }

  onModuleInit(): void {
    this.handlers.connect();
    this.#log = logReloads(this.configuration, this.#logger);
    const { watch = true } = this.options;
    if (watch === false) return;
    this.#watcher = new ConfigWatcher(this.configuration, watch === true ? {} : watch);
    this.#watcher.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#watcher?.stop();
    this.handlers.disconnect();
  }

  onApplicationShutdown(): void {
    this.#log?.unsubscribe();
    this.configuration.close();
  }
}
