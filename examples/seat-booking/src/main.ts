import { KunFactory } from '@kun/core';
import { AppModule } from './app.module.js';

await KunFactory.run(AppModule);
