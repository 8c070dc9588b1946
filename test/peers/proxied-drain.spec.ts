import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, makeGenericClientConstructor, status, type Client } from '@grpc/grpc-js';
import { currentCall } from '@kun/core';
import { deferred, startTestService, type TestService } from '@kun/core/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../e2e/config-tree.js';
import { call, startCall } from '../e2e/call.js';
import { kindsController } from '../e2e/kinds-controller.js';
import { RunningProcess } from '../e2e/running-process.js';
import { serviceIn } from '../e2e/spawned-service.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';

beforeAll(() => requireDebianPackages('haproxy', 'nginx'), 300_000);

const DEFINITION = serviceIn(join(import.meta.dirname, '../fixtures/kinds.proto'), KINDS);

/** Two instances on the engine kun, and a proxy before them. */
class Pool {
  readonly finish = deferred();
  private readonly closers: Array<() => Promise<unknown>> = [];

  private constructor(readonly instances: readonly TestService[]) {}

  static async start(name: 'haproxy' | 'nginx'): Promise<Pool & { readonly client: Client }> {
    const instances: TestService[] = [];
    const pool = new Pool(instances);
    for (const instance of ['a', 'b']) {
      const module = kindsModule({
        controllers: [
          kindsController({
            unary: () => ({ text: instance }),
            async *watch() {
              yield { text: instance };
              // Until the instance leaves; then there is one thing more to say.
              const { draining } = currentCall()!;
              await Promise.race([once(draining, 'abort'), pool.finish.promise]);
              yield { text: String(draining.aborted) };
            },
          }),
        ],
      });
      const settings = { Engine: 'kun', PreStopDelay: 1, StreamGracePeriod: 20 };
      const service = await startTestService(module, { overrides: { GRPCServer: settings } });
      instances.push(service);
      pool.closers.push(() => service.close());
    }
    const address = await pool.startProxy(name);
    const Constructor = makeGenericClientConstructor(DEFINITION, 'Kinds');
    // Whatever is lost on the way must show.
    const client = new Constructor(address, credentials.createInsecure(), {
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    });
    pool.closers.unshift(() => Promise.resolve(client.close()));
    return Object.assign(pool, { client });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish.resolve();
    for (const close of this.closers) await close();
  }

  private async startProxy(name: 'haproxy' | 'nginx'): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'kun-pool-'));
    const [port = 0] = await freePorts(1);
    const file = join(folder, FILES[name]);
    let text = (await readFile(join(import.meta.dirname, 'pool', FILES[name]), 'utf8')).replaceAll(
      ':6000',
      `:${port}`,
    );
    for (const [index, { grpcAddress, adminUrl }] of this.instances.entries()) {
      text = text
        .replaceAll(`127.0.0.1:5005${index + 1}`, grpcAddress)
        .replaceAll(`port 808${index + 1}`, `port ${new URL(adminUrl).port}`);
    }
    await writeFile(file, text);
    const pid = `daemon off; pid ${join(folder, 'nginx.pid')}; error_log stderr;`;
    const proxy =
      name === 'haproxy'
        ? new RunningProcess('/usr/sbin/haproxy', ['-db', '-f', file])
        : new RunningProcess('/usr/sbin/nginx', ['-p', folder, '-c', file, '-g', pid]);
    this.closers.push(
      () => proxy[Symbol.asyncDispose](),
      () => rm(folder, { recursive: true, force: true }),
    );
    let ended = false;
    void proxy.end.then(() => (ended = true));
    while (!(await accepts(port))) {
      if (ended) throw new Error(`${name} does not listen: ${proxy.stderr}${proxy.stdout}`);
      await delay(20);
    }
    return `127.0.0.1:${port}`;
  }
}

const FILES = { haproxy: 'haproxy.cfg', nginx: 'nginx.conf' } as const;

describe.each(['haproxy', 'nginx'] as const)('two instances on the engine kun behind %s', (name) => {
  let pool: Awaited<ReturnType<typeof Pool.start>> | undefined;
  afterEach(async () => {
    await pool?.[Symbol.asyncDispose]();
    pool = undefined;
  });

  it('lose no call when one of them stops under load: single ones and a stream that stays', async () => {
    pool = await Pool.start(name);
    const { client, instances } = pool;
    const stream = startCall(client, 'Watch');
    await stream.received(1);
    const [leaving] = instances.filter((_, index) => stream.messages[0]?.['text'] === ['a', 'b'][index]);
    const counts = new Map<string, number>();
    let loading = true;
    const load = Array.from({ length: 8 }, async () => {
      while (loading) {
        const { code, details, messages } = await call(client, 'Unary');
        const what = code === status.OK ? String(messages[0]?.['text']) : `${code} ${details}`;
        counts.set(what, (counts.get(what) ?? 0) + 1);
      }
    });
    const report = await leaving!.close();
    loading = false;
    await Promise.all(load);
    const outcome = await stream.outcome;
    expect(outcome).toMatchObject({ code: status.OK, messages: [{}, { text: 'true' }] });
    expect([...counts.keys()].toSorted()).toEqual(['a', 'b']);
    expect(report.clean).toBe(true);
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
