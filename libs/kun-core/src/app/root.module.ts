import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { StatusFilter } from '../status/thrown/status.filter.js';
import { Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';
import { KUN_RUNTIME, KUN_STOP_PLAN } from '../wiring/tokens.js';
import { STOP_PLAN } from './phases/phases.js';

/**
 * The module above the user's root module: runtime options, and the exception filter that every other filter takes
 * precedence over.
 */
@Module({})
export class KunRootModule {
  static for(root: Type | DynamicModule, runtime: KunRuntime, entrance: Entrance): DynamicModule {
    return {
      module: KunRootModule,
      global: true,
      imports: [root],
      providers: [
        { provide: KUN_RUNTIME, useValue: runtime },
        { provide: Entrance, useValue: entrance },
        { provide: KUN_STOP_PLAN, useValue: STOP_PLAN },
        // Nest consults filters in reverse order, so the outermost module's comes last.
        { provide: APP_FILTER, useClass: StatusFilter },
      ],
      exports: [KUN_RUNTIME, KUN_STOP_PLAN, Entrance],
    };
  }
}
