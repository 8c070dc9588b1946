import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { START_ORDER, STOP_PLAN } from '../app/phases/phases.js';
import { settingsSchema } from '../settings/settings.js';
import { resolveSettings, type ResolveSettingsFacts } from '../settings/resolve-settings.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Lifecycle } from './lifecycle.js';
import {
  addedStepsWarning,
  checkStopPlan,
  STOP_MARGIN_MS,
  timedSteps,
  type StopPlan,
  type StopSettings,
  type StopStep,
} from './stop-plan.js';

const FILE = join(import.meta.dirname, '../../../../docs/shutdown.md');
const MARK = '<!-- Written by `npm run docs` from the stop plan. -->\n';
const END = '\n<!-- The end of the stop plan. -->';

const IN_KUBERNETES = { inKubernetes: true };
const check = (written: object, facts: ResolveSettingsFacts = IN_KUBERNETES) =>
  checkStopPlan(settingsSchema.parse(written), facts, STOP_PLAN);
const resolved = (written: object) => resolveSettings(settingsSchema.parse(written), IN_KUBERNETES);

describe('checkStopPlan', () => {
  it('adds up every step, and says what does not fit', () => {
    expect(check({ HTTPServer: { Port: 8080 } })).toMatchInlineSnapshot(`
      [
        {
          "message": "a stop may take 48 s (GRPCServer.PreStopDelay 5 + GRPCServer.GrpcGracefulStopTimeout 20 + HTTP port 3 + AllStopCallbacksTimeout 10 + DestroyHooksTimeout 5 + upstreams 1 + telemetry 2 + admin port 1 + margin 1), but the process is killed after 30 s; set the pod's terminationGracePeriodSeconds and TerminationGracePeriod to at least 48, or lower GRPCServer.GrpcGracefulStopTimeout",
          "path": "GRPCServer.GrpcGracefulStopTimeout",
          "severity": "warning",
        },
      ]
    `);
  });

  it('is silent over a stop that fits to the second, and not over one more', () => {
    const sum = 5 + 20 + 10 + 5 + 1 + 2 + 1 + STOP_MARGIN_MS / 1000;
    expect(check({ TerminationGracePeriod: sum })).toEqual([]);
    expect(check({ TerminationGracePeriod: sum - 0.001 })).toHaveLength(1);
  });

  it('is silent if nothing kills the process', () => {
    expect(check({ GRPCServer: { GrpcGracefulStopTimeout: 600 } }, { inKubernetes: false })).toEqual([]);
  });

  it.each([
    [{ GRPCServer: { PreStopDelay: 10 } }, 5],
    [{ GRPCServer: { GrpcGracefulStopTimeout: 10 } }, -10],
    [{ AllStopCallbacksTimeout: 20 }, 10],
    [{ DestroyHooksTimeout: 1 }, -4],
    [{ HTTPServer: { Port: 8080 } }, 3],
    // They are within the limit of all together.
    [{ StopCallbackTimeout: 8 }, 0],
    // Streams are within the time of the drain.
    [{ GRPCServer: { StreamGracePeriod: 15 } }, 0],
  ])('counts %j', (written, seconds) => {
    const least = (settings: object) =>
      Number(/at least (\d+)/.exec(check({ ...settings, TerminationGracePeriod: 1 })[0]?.message ?? '')?.[1]);
    expect(least(written) - least({})).toBe(seconds);
  });
});

describe('addedStepsWarning', () => {
  const fits = { TerminationGracePeriod: 46 };

  it('counts the ports and transports that main.ts adds', () => {
    const without = new Set(['HTTP port', 'microservices']);
    const has = ({ name }: StopStep) => !without.has(name);
    expect(addedStepsWarning(resolved(fits), has, STOP_PLAN)).toBeUndefined();
    expect(addedStepsWarning(resolved(fits), () => true, STOP_PLAN)).toContain(
      'HTTP port 3 + microservices 5',
    );
  });

  it('does not say a second time what the configuration was told', () => {
    expect(
      addedStepsWarning(resolved({ TerminationGracePeriod: 10 }), () => true, STOP_PLAN),
    ).toBeUndefined();
  });
});

describe('STOP_PLAN', () => {
  it('gives every step a name of its own, a limit, and words', () => {
    const names = STOP_PLAN.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { limitMs } of timedSteps(resolved({}), STOP_PLAN)) expect(limitMs).toBeGreaterThan(0);
    for (const { what } of STOP_PLAN) expect(what).not.toBe('');
  });

  it('stops what was started, and starts what will be stopped', () => {
    expect(new Set(START_ORDER)).toEqual(new Set(STOP_PLAN));
    expect(START_ORDER).toHaveLength(STOP_PLAN.length);
  });
});

describe('the stop plan', () => {
  const inKubernetes = resolved({});
  const outside = resolveSettings(settingsSchema.parse({}), { inKubernetes: false });

  it('is the table of docs/shutdown.md; npm run docs writes it', async () => {
    const text = readFileSync(FILE, 'utf8');
    const [before = '', rest = ''] = text.split(MARK);
    const [, after] = rest.split(END);
    const table = tableOf(STOP_PLAN, inKubernetes, outside);
    await expect(`${before}${MARK}\n${table}\n${END}${after}`).toMatchFileSnapshot(FILE);
  });

  it('is one: with it change what the lifecycle does, what the check adds up, and the table', async () => {
    const written = settingsSchema.parse({ HTTPServer: { Port: 8080 } });
    const see = async (plan: StopPlan) => ({
      stopped: await stopOf(plan, inKubernetes),
      sum: checkStopPlan(written, IN_KUBERNETES, plan)[0]?.message,
      table: tableOf(plan, inKubernetes, outside),
    });
    const before = await see(STOP_PLAN);
    expect(before.stopped.map(({ name }) => name)).toEqual(STOP_PLAN.map(({ name }) => name));
    expect(before.sum).toContain('a stop may take 48 s');

    // The cache is emptied before the HTTP port closes, and that has 4 s.
    const cache = { name: 'cache', limit: 7000, what: 'the cache is emptied' };
    const after = await see(
      STOP_PLAN.flatMap((step): StopStep[] =>
        step.name === 'HTTP port' ? [cache, { ...step, limit: 4000 }] : [step],
      ),
    );
    expect(after.stopped.slice(1, 4)).toEqual([
      { name: 'gRPC port', limitMs: 20_000 },
      { name: 'cache', limitMs: 7000 },
      { name: 'HTTP port', limitMs: 4000 },
    ]);
    expect(after.sum).toContain('a stop may take 56 s');
    expect(after.sum).toContain(' + cache 7 + HTTP port 4 + ');
    expect(after.table).toContain('| cache | 7 s | the cache is emptied |\n| HTTP port | 4 s,');
  });
});

/** What a lifecycle with the plan does: each step with the limit that its phase is given. */
async function stopOf(plan: StopPlan, settings: StopSettings) {
  const stopped: Array<{ name: string; limitMs: number }> = [];
  const lifecycle = new Lifecycle(new FakeClock());
  // Started in another order.
  const phases = plan.toReversed().map(({ name }) => ({
    name,
    stop: ({ limitMs }: { limitMs: number }) => void stopped.push({ name, limitMs }),
  }));
  await lifecycle.start(phases, timedSteps(settings, plan));
  await lifecycle.stop('test');
  return stopped;
}

function tableOf(plan: StopPlan, inKubernetes: StopSettings, outside: StopSettings): string {
  const rows = plan.map(({ name, limit, where, what }) => {
    const most = typeof limit === 'number' ? `${limit / 1000} s` : keyed(limit, inKubernetes, outside);
    return `| ${name} | ${where === undefined ? most : `${most}, ${where.text}`} | ${what} |`;
  });
  const table = ['| step | at most | what |', '| --- | --- | --- |', ...rows].join('\n');
  // Aligned, one longer cell would change every line.
  return `<!-- prettier-ignore-start -->\n\n${table}\n\n<!-- prettier-ignore-end -->`;
}

/** A key with its default, which may depend on where the service runs. */
function keyed(
  { key, ms }: Exclude<StopStep['limit'], number>,
  inKubernetes: StopSettings,
  outside: StopSettings,
): string {
  const [there, here] = [ms(inKubernetes) / 1000, ms(outside) / 1000];
  return there === here ? `\`${key}\`: ${there} s` : `\`${key}\`: ${there} s in Kubernetes, ${here} outside`;
}
