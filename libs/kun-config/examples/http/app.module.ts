import { KunConfigModule } from '@kun/config';
import { Module } from '@nestjs/common';
import { z } from 'zod';
import { GreetingModule } from './greeting.module.js';

const settings = z.object({
  Http: z.object({ Port: z.int().min(0).max(65535).default(3000) }).prefault({}),
});

@Module({
  imports: [
    KunConfigModule.forRoot({
      base: process.env['KUN_BASE'] ?? import.meta.dirname,
      service: 'shop',
      cluster: process.env['KUN_CLUSTER'],
      schemas: [settings],
    }),
    GreetingModule,
  ],
})
export class AppModule {}
