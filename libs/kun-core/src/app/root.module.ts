import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { StatusFilter } from '../status/thrown/status.filter.js';
import { Entrance } from '../wiring/entrance.js';
import type { KunRuntime } from '../wiring/options.js';
import { KUN_RUNTIME, KUN_STOP_PLAN } from '../wiring/tokens.js';
import { STOP_PLAN } from './phases/phases.js';

/** The root above the user's: what comes from outside, and the filter that all others go before. */
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
        // Nest asks filters in the reverse of this order: that of the outermost module last.
        { provide: APP_FILTER, useClass: StatusFilter },
      ],
      exports: [KUN_RUNTIME, KUN_STOP_PLAN, Entrance],
    };
  }
}
