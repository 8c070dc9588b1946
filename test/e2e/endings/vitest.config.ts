import { defineConfig } from 'vitest/config';

// The table alone, as `endings.spec.ts` runs it under each Node.
export default defineConfig({
  root: import.meta.dirname,
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['endings.table.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
});
