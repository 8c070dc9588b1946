import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NODE, RunningProcess } from '../running-process.js';
import { buildExample, folderOf, rootOf } from './build-example.js';
import { healthOf } from './health-of.js';

interface Accounts {
  deposit(request: { id: string; amount: number }): Promise<{ balance: number }>;
  get(request: { id: string }): Promise<{ balance: number }>;
}

/** The command of the README that locks the file, for another file. */
function lockingCommand(file: string): string {
  const readme = readFileSync(join(folderOf('database-check'), 'README.md'), 'utf8');
  const command = readme.split('\n').find((line) => line.startsWith('node -e ')) ?? '';
  return command.replace(/^node/, `exec ${NODE}`).replace(/ &$/, '').replace('accounts.db', file);
}

describe('examples/database-check', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kun-accounts-'));
  const file = join(directory, 'accounts.db');
  let service: TestService;
  let accounts: Accounts;

  beforeAll(async () => {
    const load = await buildExample('database-check');
    const env = { ACCOUNTS_FILE: file };
    service = await startTestService(rootOf(await load('app.module.js'), 'AppModule'), { env });
    accounts = service.client<Accounts>('examples.accounts.v1.AccountsService');
  });
  afterAll(async () => {
    await service.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('keeps accounts', async () => {
    await accounts.deposit({ id: 'ada', amount: 40 });
    expect(await accounts.deposit({ id: 'ada', amount: 2 })).toMatchObject({ balance: 42 });
    expect(await accounts.get({ id: 'ada' })).toMatchObject({ balance: 42 });
    await expect(accounts.get({ id: 'bob' })).rejects.toMatchObject({ code: 5 });
  });

  it('is not ready while another process has the file locked, lives on, and comes back', async () => {
    expect((await readiness()).status).toBe(200);
    {
      await using lock = new RunningProcess('sh', ['-c', lockingCommand(file)]);
      const failing = await readyWhen(503);
      expect(failing.body).toMatchObject({ error: { database: { status: 'down' } } });
      expect(lock.stderr).not.toContain('Error');
      expect((await fetch(`${service.adminUrl}/livez`)).status).toBe(200);
      expect(await healthOf(service)).toBe('NOT_SERVING');
      expect(service.logs.lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          msg: expect.stringContaining('database is locked') as string,
        }),
      );
    }
    expect((await readyWhen(200)).body).toMatchObject({ info: { database: { status: 'up' } } });
    expect(await healthOf(service)).toBe('SERVING');
    expect(await accounts.get({ id: 'ada' })).toMatchObject({ balance: 42 });
  });

  async function readiness(): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${service.adminUrl}/readyz`);
    return { status: response.status, body: await response.json() };
  }

  /** Asks, as the kubelet does, until the answer is the one waited for. */
  async function readyWhen(status: number): Promise<{ status: number; body: unknown }> {
    for (;;) {
      const answer = await readiness();
      if (answer.status === status) return answer;
    }
  }
});
