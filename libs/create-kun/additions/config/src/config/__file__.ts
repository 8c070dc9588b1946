import { z } from 'zod';

/** The section `__Section__` of the files in conf. */
export const __section__Schema = z.object({
  __Section__: z
    .strictObject({
      Enabled: z.boolean().default(true).describe('Says in one sentence what it does'),
    })
    .prefault({}),
});

export type __Section__Config = z.output<typeof __section__Schema>;
