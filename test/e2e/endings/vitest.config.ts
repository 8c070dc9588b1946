import { defineConfig } from 'vitest/config';

// The tables alone, as `endings.spec.ts` runs it under each Node.
export default defineConfig({
  root: import.meta.dirname,
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['*.table.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
});
