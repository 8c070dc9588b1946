import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { NotesController } from './notes.controller.js';
import { TenantInterceptor } from './tenant.interceptor.js';
import { tenantsSchema } from './tenants.config.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'notes',
      base: join(import.meta.dirname, '..'),
      proto: { package: 'examples.notes.v1', path: 'proto/notes.proto' },
      config: { schemas: [tenantsSchema] },
      interceptors: [TenantInterceptor],
    }),
  ],
  controllers: [NotesController],
  providers: [TenantInterceptor],
})
export class AppModule {}
