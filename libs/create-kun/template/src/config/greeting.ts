import { z } from 'zod';

export const greetingSchema = z.object({
  Greeting: z
    .strictObject({
      Salutation: z.string().default('hello').describe('Goes before the name'),
    })
    .prefault({}),
});

export type GreetingConfig = z.output<typeof greetingSchema>;
