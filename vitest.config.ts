import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Specs lie outside the packages' own tsconfig.json, so their decorators are switched on here.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{libs,apps}/*/{src,test}/**/*.spec.ts'] },
      },
      {
        // Whole services, real peers and the packages as their users meet them: these run against `dist`.
        extends: true,
        test: { name: 'whole', include: ['test/{e2e,peers,package}/**/*.spec.ts'], testTimeout: 60_000 },
      },
    ],
  },
});
