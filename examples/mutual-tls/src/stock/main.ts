import { KunFactory } from '@kun/core';
import { StockModule } from './stock.module.js';

await KunFactory.run(StockModule);
