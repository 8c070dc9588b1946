import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { databaseSchema } from './database.config.js';
import { Database } from './database.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'accounts',
      base: join(import.meta.dirname, '..'),
      proto: { package: 'examples.accounts.v1', path: 'proto/accounts.proto' },
      config: { schemas: [databaseSchema] },
    }),
  ],
  controllers: [AccountsController],
  providers: [Database],
})
export class AppModule {}
