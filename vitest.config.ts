import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Parts of the names of the files that take longest, by `.ci/run` (CONTRIBUTING.md says how they are found). They begin
 * first, so that at the end no core waits for one of them.
 */
const LONGEST = [
  '/package/scaffold',
  '/package/first-steps',
  '/e2e/entrances',
  '/e2e/bad-input',
  '/e2e/failing-output',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((part) => moduleId.includes(part));
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own, which gives a promise of another list
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a)));
  }
}

export default defineConfig({
  // Specs lie outside the packages' own tsconfig.json, so their decorators are switched on here.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    // By default one core is left to others: of the two of a small machine that is half. Much of the time is waiting.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    // A second, the default, is too short for a process that has to wait for a core.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{libs,apps}/*/{src,test,page}/**/*.spec.ts'],
          // Random input takes seconds of a core, and more where another file has that core too.
          testTimeout: 20_000,
        },
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
