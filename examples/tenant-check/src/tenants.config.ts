import { z } from 'zod';

/** Who may call, and how much each may keep. */
export const tenantsSchema = z.object({
  Tenants: z.strictObject({
    Header: z.string().default('x-tenant').describe('The metadata that names the tenant'),
    Known: z
      .record(z.string(), z.strictObject({ Notes: z.int().min(0).describe('How many notes it may have') }))
      .describe('Tenants by name; calls of others are refused'),
  }),
});

export type TenantsConfig = z.output<typeof tenantsSchema>;
