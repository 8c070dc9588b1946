import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS, attackNamed } from '../attacks/attacks.js';
import { Campaign } from '../attacks/campaign.js';
import { EchoProcess } from '../attacks/echo-process.js';
import { NormalCaller } from '../attacks/normal-caller.js';

// A short form of `npm run attacks`, with limits to match; figures are its business, counts are this one's.
const SECONDS = 2;
const SCALE = 0.5;
const MIB = 1024 * 1024;
const LIMITS = {
  ConnectionTimeout: 1,
  HeaderTimeout: 1,
  MaxConcurrentStreams: 100,
  StreamResetBurst: 100,
  OverheadBurst: 1000,
  MaxUnfinishedRequestBytes: 16 * MIB,
  MaxUnsentResponseBytes: 16 * MIB,
};

describe('a whole service under attack', () => {
  let echo: EchoProcess;
  beforeAll(async () => {
    echo = await EchoProcess.start({ config: LIMITS });
  });
  afterAll(() => echo.stop());

  const borne = new Set(['none', 'streams', 'dribble', 'gzip', 'unread', 'open-files', 'rapid-reset']);
  it.each(ATTACKS.filter(({ name }) => !borne.has(name)).map(({ name, what }) => [name, what]))(
    'refuses it and goes on: %s (%s)',
    (name) => expectBounded(name, echo),
  );

  it('writes nothing to standard error', () => {
    expect(echo.stderr).toBe('');
  });
});

it('reserves open files for the admin port and for callers', async () => {
  const echo = await EchoProcess.start({ openFiles: 120 });
  await expectBounded('open-files', echo);
  await echo.stop();
});

/** A normal caller is answered, the attack refused and counted, and the log is not written full. */
async function expectBounded(name: string, echo: EchoProcess): Promise<void> {
  const attack = attackNamed(name);
  const before = await echo.refusals();
  const linesBefore = echo.lineCount;
  const normal = new NormalCaller(echo.grpcPort, echo.adminPort, { deadlineMs: 30_000 });
  const campaign = new Campaign({ port: echo.grpcPort, seconds: SECONDS, scale: SCALE });
  await attack.run(campaign);
  await normal.stop();
  const lines = echo.lineCount - linesBefore - normal.callMs.length;
  const refused = [...(await echo.refusals())].filter(([what, count]) => count > (before.get(what) ?? 0));
  if (attack.cut) expect(campaign.cut).toBeGreaterThan(0);
  campaign.end();
  expect(normal.failures).toEqual([]);
  expect(normal.callMs.length).toBeGreaterThan(0);
  expect(refused.map(([what]) => what)).toEqual(
    expect.arrayContaining([expect.toBeOneOf([...attack.refused])]),
  );
  // 20 a second of each kind, of which an attack causes a few.
  expect(lines).toBeLessThan(1000);
  expect(echo.running).toBe(true);
}
