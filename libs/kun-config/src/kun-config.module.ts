import { ConfigurableModuleBuilder, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Configuration } from './configuration.js';
import { LayeredConfigService } from './layered-config-service.js';
import { loadConfig, type LoadConfigOptions } from './load-config.js';
import type { LoadedConfig } from './loaded-config.js';

/** What to load, or what was loaded already with {@link loadConfig}. */
export type KunConfigOptions = LoadConfigOptions | { readonly loaded: LoadedConfig<unknown> };

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<KunConfigOptions>({
  moduleName: 'KunConfig',
})
  .setClassMethodName('forRoot')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();

/**
 * Loads the configuration when the application is created and provides it everywhere: as {@link Configuration} and
 * as `@nestjs/config`'s `ConfigService`. Nothing is kept outside of the application, so several can run side by side.
 *
 * @throws ConfigError from the creation of the application, with everything that is wrong
 */
@Module({
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
  ],
  exports: [Configuration, ConfigService],
})
export class KunConfigModule extends ConfigurableModuleClass {}
