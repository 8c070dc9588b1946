import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Configuration } from '../live/configuration.js';
import { ConfigSection } from './config-section.js';

/** A module's registration of its schema for the loading of the application's configuration. */
class ConfigFeature {
  constructor(readonly schema: StandardSchemaV1) {}
}

@Module({})
class ConfigFeatureModule {}

/** The module behind `KunConfigModule.forFeature`. */
export function featureModule(schemas: readonly StandardSchemaV1[]): DynamicModule {
  const sections = schemas.filter(isSectionClass);
  return {
    module: ConfigFeatureModule,
    providers: [
      ...schemas.map((schema) => ({ provide: Symbol('ConfigFeature'), useValue: new ConfigFeature(schema) })),
      // Of a module that is loaded later they did not take part at the start.
      {
        provide: Symbol('ConfigFeatures'),
        inject: [Configuration],
        useFactory: (configuration: Configuration<unknown>) => configuration.include(schemas),
      },
      ...sections.map((section) => ({
        provide: section,
        inject: [Configuration],
        useFactory: async (configuration: Configuration<unknown>) => {
          await configuration.include(schemas);
          return new section(configuration);
        },
      })),
    ],
    exports: sections,
  };
}

/** Finds the schemas of all features of the application, which are known before anything of it is created. */
@Injectable()
export class ConfigFeatures {
  constructor(private readonly modules: ModulesContainer) {}

  schemas(): StandardSchemaV1[] {
    const schemas = [...this.modules.values()].flatMap((module) =>
      [...module.providers.values()].flatMap(({ instance }: { instance: unknown }) =>
        instance instanceof ConfigFeature ? instance.schema : [],
      ),
    );
    // Several modules may want the same section.
    return [...new Set(schemas)];
  }
}

type AnySectionClass = ReturnType<typeof ConfigSection<string, StandardSchemaV1>>;

function isSectionClass(schema: StandardSchemaV1): schema is AnySectionClass {
  return typeof schema === 'function' && 'key' in schema;
}
