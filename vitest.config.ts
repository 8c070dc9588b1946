import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Specs lie outside the packages' own tsconfig.json, so their decorators are switched on here.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['{libs,apps}/*/{src,test,page}/**/*.spec.ts'] },
      },
      {
        // The other engine, under everything in which the server's wire matters.
        extends: true,
        test: {
          name: 'grpc-js',
          include: [
            'libs/kun-core/src/server/**/*.spec.ts',
            'test/e2e/{four-kinds,surface,start-stop,leaks,connection-timeout,own-services,pipeline,uncaught}.spec.ts',
            'test/e2e/endings/**/*.spec.ts',
            'test/peers/{interop,four-kinds,reflection,status-details}.spec.ts',
          ],
          env: { KUN_CONF__GRPCSERVER__ENGINE: 'grpc-js' },
          testTimeout: 60_000,
        },
      },
      {
        // Whole services, real peers and the packages as their users meet them: these run against `dist`.
        extends: true,
        test: { name: 'whole', include: ['test/{e2e,peers,package}/**/*.spec.ts'], testTimeout: 60_000 },
      },
    ],
  },
});
