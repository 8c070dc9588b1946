import { KunConfigModule } from '@kun/config';
import { Module } from '@nestjs/common';
import { GreetingConfig } from './greeting.config.js';
import { GreetingController } from './greeting.controller.js';

@Module({
  imports: [KunConfigModule.forFeature(GreetingConfig)],
  controllers: [GreetingController],
})
export class GreetingModule {}
