import { join } from 'node:path';
import { KunModule } from '@kun/core';
import { protobufEs } from '@kun/core/protobuf-es';
import { Module } from '@nestjs/common';
import { SeatsService } from './gen/seats_pb.js';
import { SeatsController } from './seats.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'seats',
      base: join(import.meta.dirname, '..'),
      proto: protobufEs(SeatsService),
    }),
  ],
  controllers: [SeatsController],
})
export class AppModule {}
