import { defineConfig } from 'vitest/config';

/** The wire's own specs, with what they reach counted: `npm run coverage:wire`. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['{src,test}/**/*.spec.ts'],
    testTimeout: 20_000,
    expect: { poll: { timeout: 15_000 } },
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['**/*.spec.ts'],
      reportsDirectory: '../../.cache/coverage/wire',
      reporter: ['text-summary', 'html'],
      // What is left are guards against what the code around them does not do.
      thresholds: { branches: 95, statements: 97, functions: 97, lines: 97 },
    },
  },
});
