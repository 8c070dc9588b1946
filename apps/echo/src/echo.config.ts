import { z } from 'zod';

/** The service's own keys, beside kun's. */
export const echoConfigSchema = z.object({
  Echo: z
    .strictObject({
      Greeting: z.string().default('').describe('Goes before every message'),
    })
    .prefault({}),
});

export type EchoConfig = z.output<typeof echoConfigSchema>;
