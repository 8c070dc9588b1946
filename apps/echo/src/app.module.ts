import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { echoConfigSchema } from './echo.config.js';
import { EchoController } from './echo.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'echo',
      base: join(import.meta.dirname, '..'),
      proto: { package: 'kun.echo.v1', path: 'proto/echo.proto' },
      config: { schemas: [echoConfigSchema] },
    }),
  ],
  controllers: [EchoController],
})
export class AppModule {}
