import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogRecorder } from '../testing/log-recorder.js';
import { ApplicationLogger } from './application-logger.js';
import { field } from './line-writer.js';

const identity = {
  domain: 'eu',
  namespace: 'n',
  cluster: 'c',
  service: 's',
  instance: 'i',
};

function setUp() {
  const destination = new LogRecorder();
  const clock = { now: () => 1_000_000, monotonicMs: () => 0, schedule: () => () => {} };
  return { destination, logger: new ApplicationLogger({ identity, clock }, destination) };
}

describe('LineWriter', () => {
  it("writes what the application's pino would write", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.stringMatching(/^[a-z.]{1,9}$/),
          fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(undefined)),
        ),
        fc.string({ unit: 'binary' }),
        (fields, message) => {
          const { destination, logger } = setUp();
          logger.pino.child({ part: 'x' }).warn({ ...fields }, message.replaceAll('%', ''));
          const text = Object.entries(fields).map(([name, value]) => field(name, value));
          logger.linesWith({ part: 'x' }).write('warn', text.join(''), message.replaceAll('%', ''));
          const [pinos, ours] = destination.lines;
          expect(ours).toEqual(pinos);
        },
      ),
    );
  });
});
