import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePorts } from './config-tree.js';
import { RunningProcess } from './running-process.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'apps/echo/dist/main.js');

async function echo(command: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const [grpc, admin] = await freePorts(2);
  const running = new RunningProcess(command, [...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      KUN_CONF__GRPCSERVER__PORT: String(grpc),
      KUN_CONF__ADMINPORT: String(admin),
      ...more,
    },
  });
  return { running, grpc, admin };
}

it('tells the user of a terminal where it answers, and what it has read', async () => {
  // `script` of util-linux runs it on a pseudo-terminal.
  const command = `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(MAIN)}`;
  const { running, grpc, admin } = await echo('script', ['-qefc', command, '/dev/null']);
  await using _ = running;
  await running.line(({ msg }) => msg === 'serving');
  while (!running.stdout.includes('  on     ')) await new Promise((resolve) => setImmediate(resolve));
  expect(running.stdout).toMatch(/echo is serving as default\/\S+; Ctrl-C stops it/);
  expect(running.stdout).toContain(`  gRPC   localhost:${grpc}`);
  expect(running.stdout).toContain(`  admin  http://localhost:${admin}`);
  expect(running.stdout).toContain('conf/echo/public.yaml');
});

it.each([
  ['through a pipe', {}],
  ['in Kubernetes', { KUBERNETES_SERVICE_HOST: '10.0.0.1' }],
])('writes lines of JSON alone %s', async (_, env) => {
  const { running } = await echo(process.execPath, [MAIN], env);
  await running.line(({ msg }) => msg === 'serving');
  running.kill('SIGTERM');
  await running.end;
  const lines = running.stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
  expect(running.stderr).toBe('');
});
