import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { play } from './play.js';
import { anyCall } from './script.js';
import { ScriptedService } from './scripted-service.js';

/** `DIFFERENTIAL_SECONDS=600 npx vitest run --project whole test/e2e/differential` goes on for ten minutes, with new seeds. */
const SECONDS = Number(process.env['DIFFERENTIAL_SECONDS'] ?? 0);
const RUNS = 40;
const COMPRESSED = 25;
/** Each starts and stops two services. */
const DRAINS = 12;
const SEED = 20_261_126;

/** The client of grpc-js may fail where it compresses what it still writes when its call is over. */
const plainCall = anyCall.map((script) => ({ ...script, compressed: false }));

describe('the engines', () => {
  let kun: ScriptedService;
  let grpcJs: ScriptedService;
  beforeAll(async () => {
    [kun, grpcJs] = await Promise.all([ScriptedService.start('kun'), ScriptedService.start('grpc-js')]);
  });
  afterAll(async () => {
    await Promise.all([kun.service.close(), grpcJs.service.close()]);
  });

  it(
    'show callers, handlers, log and counters the same, whatever calls do',
    { timeout: 60_000 + SECONDS * 1000 },
    async () => {
      let sequence = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyCall, { minLength: 1, maxLength: 6 }), async (calls) => {
          const prefix = `s${sequence++}`;
          const [actual, expected] = await Promise.all([
            play(kun, calls, prefix),
            play(grpcJs, calls, prefix),
          ]);
          expect(actual).toEqual(expected);
        }),
        SECONDS > 0
          ? { numRuns: Infinity, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }
          : { numRuns: RUNS, seed: SEED },
      );
    },
  );

  it('show callers the same where kun compresses what it answers', { timeout: 60_000 }, async () => {
    const compressing = await ScriptedService.start('kun', { DefaultCompressionAlgorithm: 'gzip' });
    // Behind a failure the client of grpc-js drops messages that it still inflates.
    const succeeding = plainCall.map(({ handler, ...script }) => ({
      ...script,
      handler: { ...handler, end: 'well' as const },
    }));
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(succeeding, { minLength: 1, maxLength: 6 }), async (calls) => {
        const prefix = `c${sequence++}`;
        const [actual, expected] = await Promise.all([
          play(compressing, calls, prefix),
          play(grpcJs, calls, prefix),
        ]);
        expect(actual).toEqual(expected);
      }),
      { numRuns: COMPRESSED, seed: SEED },
    );
    await compressing.service.close();
  });

  it('show the same of calls that are open while the service stops', { timeout: 120_000 }, async () => {
    const stopping = { StreamGracePeriod: 30, GrpcGracefulStopTimeout: 30 };
    // One that no handler is told of any more cannot be waited for.
    const reached = plainCall.map((script) => ({ ...script, leaves: 'cancel' as const }));
    let sequence = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(reached, { minLength: 1, maxLength: 6 }), async (calls) => {
        const prefix = `d${sequence++}`;
        const [actual, expected] = await Promise.all(
          (['kun', 'grpc-js'] as const).map(async (engine) => {
            const scripted = await ScriptedService.start(engine, stopping);
            return play(scripted, calls, prefix, () => scripted.service.close());
          }),
        );
        expect(actual).toEqual(expected);
      }),
      { numRuns: DRAINS, seed: SEED },
    );
  });
});
