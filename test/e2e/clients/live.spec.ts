import { status } from '@grpc/grpc-js';
import { currentCall, unavailable, KunClientModule, clientToken } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { describe, expect, it } from 'vitest';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { ConfigTree } from '../config-tree.js';
import { kindsController } from '../kinds-controller.js';
import { callKind, startLinked, type KindsClient } from './linked-service.js';

describe('a change of the configuration while the service runs', () => {
  it('holds for the next call to the upstream: timeouts and retries, for all methods and for one', async () => {
    const deadlines: number[] = [];
    let attempts = 0;
    await using last = await startLinked({
      handlers: {
        unary: async ({ text }) => {
          attempts++;
          deadlines.push(Math.round((currentCall()!.deadline - Date.now()) / 1000));
          if (text === 'fail') throw unavailable('down');
          return { text };
        },
      },
    });
    const upstream = (keys: object) => ({
      Upstreams: {
        next: { Target: last.grpcAddress, ...keys },
      },
    });
    await using tree = await ConfigTree.of({ 'kinds/public.yaml': upstream({ CallTimeout: 30 }) });
    const proto = { package: 'kun.test.v1', path: 'kinds.proto' };
    const first = await startTestService(
      kindsModule({
        controllers: [kindsController({})],
        imports: [KunClientModule.register([{ name: 'next', service: 'Kinds', ...proto }])],
      }),
      { env: { KUN_BASE: tree.base } },
    );
    const client = first.app.get<KindsClient>(clientToken('next'));
    const reload = async (keys: object) => {
      const seen = first.logs.where(isReload).length;
      await tree.write('kinds/public.yaml', upstream(keys));
      await expect.poll(() => first.logs.where(isReload).length, { timeout: 10_000 }).toBeGreaterThan(seen);
    };
    const attemptsOf = async (text: string) => {
      attempts = 0;
      const { error } = await callKind(client, 'unary', {}, [{ text }]);
      return { attempts, code: (error as { code?: number } | undefined)?.code };
    };

    try {
      expect(await attemptsOf('ok')).toEqual({ attempts: 1, code: undefined });
      expect(deadlines.at(-1)).toBe(30);
      expect(await attemptsOf('fail')).toEqual({ attempts: 3, code: status.UNAVAILABLE });

      const Retry = { MaxAttempts: 5, InitialBackoff: 0.001 };
      await reload({ CallTimeout: 50, Retry });
      await attemptsOf('ok');
      expect(deadlines.at(-1)).toBe(50);
      expect(await attemptsOf('fail')).toEqual({ attempts: 5, code: status.UNAVAILABLE });

      await reload({
        CallTimeout: 50,
        Retry,
        Methods: { Unary: { CallTimeout: 20, Retry: { MaxAttempts: 2 } } },
      });
      await attemptsOf('ok');
      expect(deadlines.at(-1)).toBe(20);
      expect(await attemptsOf('fail')).toEqual({ attempts: 2, code: status.UNAVAILABLE });

      await reload({ CallTimeout: 50, Retry: { By: 'off' } });
      expect(await attemptsOf('fail')).toEqual({ attempts: 1, code: status.UNAVAILABLE });
    } finally {
      await first.close();
    }
  });
});

function isReload({ msg }: { readonly msg: string }): boolean {
  return msg.startsWith('the configuration is reloaded');
}
