/// <reference types="@kun/core/proto-types" />
import { KunFactory } from '@kun/core';
import { AppModule } from './app.module.js';

await KunFactory.run(AppModule); // start, serve until SIGTERM, drain, exit
