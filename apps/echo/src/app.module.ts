import { join } from 'node:path';
import { KunClientModule, KunModule } from '@kun/core';
import { Module } from '@nestjs/common';
import { echoConfigSchema } from './echo.config.js';
import { EchoController } from './echo.controller.js';

const proto = { package: 'kun.echo.v1', path: 'proto/echo.proto' };

@Module({
  imports: [
    KunModule.forRoot({
      service: 'echo',
      base: join(import.meta.dirname, '..'),
      proto,
      config: { schemas: [echoConfigSchema] },
    }),
    // Itself at kun's own port, unless Upstreams.next.Target says otherwise.
    KunClientModule.register([{ name: 'next', service: 'EchoService', target: 'localhost:50051', ...proto }]),
  ],
  controllers: [EchoController],
})
export class AppModule {}
