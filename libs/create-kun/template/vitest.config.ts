import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Nest reads parameter types at run time.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['src/**/*.spec.ts'] },
});
