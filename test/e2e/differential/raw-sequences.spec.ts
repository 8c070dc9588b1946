import { startTestService, type TestService } from '@kun/core/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../../fixtures/kinds.module.js';
import { kindsController } from '../kinds-controller.js';
import { RawPeer } from './raw-peer.js';
import { framesOf, rawScript, type RawScript } from './raw-script.js';

/** As for the calls: `DIFFERENTIAL_SECONDS=600` goes on for ten minutes, with new seeds. */
const SECONDS = Number(process.env['DIFFERENTIAL_SECONDS'] ?? 0);
const RUNS = 150;
const SEED = 20_261_126;

const services: TestService[] = [];
beforeAll(async () => {
  for (const Engine of ['kun', 'grpc-js']) {
    const module = kindsModule({ controllers: [kindsController({ unary: ({ text }) => ({ text }) })] });
    services.push(await startTestService(module, { overrides: { GRPCServer: { Engine } } }));
  }
});
afterAll(() => Promise.all(services.map((service) => service.close())));

it(
  'the engines answer any frames that keep to the rules alike, whatever their order and wherever they are cut',
  { timeout: 60_000 + SECONDS * 1000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(rawScript, fc.integer({ min: 1, max: 4000 }), async (script, pieceBytes) => {
        const [kun, grpcJs] = await Promise.all(
          services.map((service) => observe(service.grpcAddress, script, pieceBytes)),
        );
        expect(kun).toEqual(grpcJs);
        expect(kun?.calls.filter(({ status }) => status !== '0')).toEqual([]);
      }),
      SECONDS > 0
        ? { numRuns: Infinity, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }
        : { numRuns: RUNS, seed: SEED },
    );
  },
);

/** What a peer sees of a script. */
interface Seen {
  /** Of those that were not reset. */
  readonly calls: ReadonlyArray<{
    readonly status: string | undefined;
    readonly answer: string;
    readonly resets: number;
  }>;
  readonly pings: number;
  readonly goAways: number;
}

async function observe(address: string, script: RawScript, pieceBytes: number): Promise<Seen> {
  const { frames, streams } = framesOf(script, `/${KINDS}/Unary`);
  const peer = new RawPeer(address);
  const bytes = Buffer.concat(frames);
  for (let at = 0; at < bytes.length; at += pieceBytes) peer.send(bytes.subarray(at, at + pieceBytes));
  const awaited = streams.filter((_, index) => script.calls[index]?.end !== 'reset');
  const over = (stream: number): boolean =>
    peer.frames.some((each) => each.stream === stream && (each.type === 3 || (each.flags & 1) === 1));
  await peer.until(() => awaited.every(over));
  await peer.settle();
  peer.close();
  const ofType = (type: number, stream: number) =>
    peer.frames.filter((each) => each.type === type && each.stream === stream);
  return {
    calls: awaited.map((stream) => ({
      status: ofType(1, stream).at(-1)?.headers.get('grpc-status'),
      answer: Buffer.concat(ofType(0, stream).map(({ payload }) => payload)).toString('hex'),
      resets: ofType(3, stream).length,
    })),
    pings: ofType(6, 0).length,
    goAways: ofType(7, 0).length,
  };
}
