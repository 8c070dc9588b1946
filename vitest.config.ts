import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['libs/*/src/**/*.spec.ts', 'apps/*/src/**/*.spec.ts'] },
      },
      {
        // Whole services, real peers and the packages as their users meet them: these run against `dist`.
        test: { name: 'whole', include: ['test/{e2e,peers,package}/**/*.spec.ts'], testTimeout: 60_000 },
      },
    ],
  },
});
