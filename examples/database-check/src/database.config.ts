import { z } from 'zod';

/** The database, in the service's own section of the configuration. */
export const databaseSchema = z.object({
  Database: z.strictObject({
    File: z.string().min(1).describe('Path of the SQLite file; made when it is not there'),
    LockTimeout: z
      .number()
      .min(0)
      .max(0.5)
      .default(0.05)
      .describe(
        'How long a lock of another process is waited for, in seconds; the whole service waits meanwhile',
      ),
  }),
});

export type DatabaseConfig = z.output<typeof databaseSchema>;
