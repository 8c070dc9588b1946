import { ModuleOptionsError } from './check-options.js';
import type { ConfigurableModuleAsyncOptions, Provider } from '@nestjs/common';
import type { KunModuleOptions } from './options.js';
import { KUN_OPTIONS } from './tokens.js';

/** Options of `KunModule.forRootAsync`; a class makes them with `createKunOptions()`. */
export type KunModuleAsyncOptions = ConfigurableModuleAsyncOptions<KunModuleOptions, 'createKunOptions'>;

interface OptionsFactory {
  createKunOptions(): KunModuleOptions | Promise<KunModuleOptions>;
}

/** The providers that make the options. */
export function asyncOptions(options: KunModuleAsyncOptions): Provider[] {
  const { useFactory, useClass, useExisting, inject = [], provideInjectionTokensFrom = [] } = options;
  if (useFactory) return [...provideInjectionTokensFrom, { provide: KUN_OPTIONS, inject, useFactory }];
  const maker = useExisting ?? useClass;
  if (!maker)
    throw new ModuleOptionsError('KunModule.forRootAsync(...) wants useFactory, useClass or useExisting');
  const made: Provider = {
    provide: KUN_OPTIONS,
    inject: [maker],
    useFactory: (factory: OptionsFactory) => factory.createKunOptions(),
  };
  return useClass ? [useClass, made] : [made];
}
