import { KunFactory } from '@kun/core';
import { ShopModule } from './shop.module.js';

await KunFactory.run(ShopModule);
