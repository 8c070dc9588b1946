import { setImmediate as nextTurn } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { call } from './call.js';
import { SpawnedService } from './spawned-service.js';

const INSTANCE_LAYER = 'echo/default/one/public.yaml';

/** Calls without a pause until it is told to stop; says how the calls ended. */
function callAllTheTime(service: SpawnedService) {
  const client = service.grpcClient();
  const codes = new Map<number, number>();
  let stopped = false;
  const loop = async () => {
    while (!stopped) {
      const { code } = await call(client, 'Echo', { requests: [{ message: 'hi' }] });
      codes.set(code, (codes.get(code) ?? 0) + 1);
      await nextTurn();
    }
  };
  const done = Promise.all([loop(), loop()]);
  return async () => {
    stopped = true;
    await done;
    return codes;
  };
}

describe('a running service whose configuration files change', () => {
  it('follows what is live, keeps the last good set, recovers, and drops no call', async () => {
    await using service = await SpawnedService.start({ env: { KUN_INSTANCE: 'one' } });
    const stopCalling = callAllTheTime(service);
    const levels = () => new Set(service.process.lines.map(({ level }) => level));
    const metric = async (name: string) => {
      const { body } = await service.admin('/metrics');
      return new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1];
    };
    expect(levels()).not.toContain('debug');

    await service.configure(INSTANCE_LAYER, 'Logger:\n  Level: debug\n');
    await service.process.line(({ msg }) => /^echoing \d+ characters$/.test(msg));

    await service.configure(INSTANCE_LAYER, 'Logger:\n  Level: loud\n');
    await expect.poll(() => metric('kun_config_last_reload_successful'), { timeout: 15_000 }).toBe('0');
    const refused = await service.process.line(({ level }) => level === 'error');
    expect(refused?.msg).toContain(`${INSTANCE_LAYER}:2:10`);
    const degraded = await service.admin('/readyz');
    expect(degraded.status).toBe(200);
    expect(JSON.parse(degraded.body)).toMatchObject({
      status: 'degraded',
      details: { configuration: { status: 'degraded' } },
    });

    await service.configure(INSTANCE_LAYER, 'Logger:\n  Level: warn\n');
    await expect.poll(() => metric('kun_config_last_reload_successful'), { timeout: 15_000 }).toBe('1');
    expect(JSON.parse((await service.admin('/readyz')).body)).toMatchObject({ status: 'ok' });

    const codes = await stopCalling();
    expect([...codes.keys()]).toEqual([status.OK]);
    expect(codes.get(status.OK)).toBeGreaterThan(50);
  });

  it('says which changed key waits for the next start', async () => {
    await using service = await SpawnedService.start({ env: { KUN_INSTANCE: 'one' } });
    await service.configure(INSTANCE_LAYER, 'GRPCServer:\n  Reflection: no\n');
    const said = await service.process.line(({ level, msg }) => level === 'warn' && /Reflection/.test(msg));
    expect(said?.msg).toMatch(/next start|restart/);
    const { body } = await service.admin('/metrics');
    expect(body).toMatch(/^kun_config_restart_needed 1$/m);
  });
});
