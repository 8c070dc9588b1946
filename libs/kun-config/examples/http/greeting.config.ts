import { ConfigSection } from '@kun/config';
import { z } from 'zod';

/** The section `Greeting`: what is injected, and the schema of its keys. */
export class GreetingConfig extends ConfigSection(
  'Greeting',
  z.object({
    Text: z.string().min(1),
    Loud: z.boolean().default(false),
  }),
) {}
