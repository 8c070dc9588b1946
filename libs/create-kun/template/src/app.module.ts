import { join } from 'node:path';
import { KunClientModule, KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { schemas } from './config.js';
import * as handlers from './handlers.js';
import { interceptors } from './interceptors.js';
import { upstreams } from './upstreams.js';

const base = join(import.meta.dirname, '..');

@Module({
  imports: [
    KunModule.forRoot({
      service: '__service__',
      base,
      proto: { path: '__proto_path__/__proto_file__.proto', includeDirs: ['proto'] },
      config: { schemas },
      interceptors,
    }),
    KunClientModule.register(upstreams),
  ],
  controllers: Object.values(handlers),
})
export class AppModule {}
