import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from './published.js';

const manifestSchema = z.object({ bin: z.record(z.string(), z.string()).default({}) });

/** Every command that a package of ours installs. */
const bins = globSync('libs/*/package.json', { cwd: ROOT }).flatMap((file) => {
  const { bin } = manifestSchema.parse(JSON.parse(readFileSync(join(ROOT, file), 'utf8')));
  return Object.entries(bin).map(([name, path]) => [name, join(ROOT, dirname(file), path)] as const);
});

/** The commands below each. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'kun-config': ['explain', 'check', 'schema'],
  'create-kun': ['add', 'add rpc', 'add upstream', 'add config', 'add interceptor'],
};

function runBin(path: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  return { status, stdout, stderr };
}

describe('the commands', () => {
  it('are those that are looked at', () => {
    expect(bins.map(([name]) => name).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
  });

  it.each(bins)('%s tells how it is used, in general and for each command', (name, path) => {
    for (const command of ['', ...(COMMANDS[name] ?? [])]) {
      const { status, stdout, stderr } = runBin(path, [...command.split(' ').filter(Boolean), '--help']);
      expect({ status, stderr }, command).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: ${name}${command && ` ${command}`}\\b`));
      expect(stdout).toMatch(/\n {2}-h, --help +this\n/);
      expect(stdout).toContain('\nExamples:\n');
      expect(stdout).toContain('\nExit codes: 0 ');
      expect(stdout.split('\n').filter((line) => line.length > 140)).toEqual([]);
    }
  });

  it.each(bins)('%s names the option that was meant, with exit code 2', (_, path) => {
    const { status, stdout, stderr } = runBin(path, ['--hlep']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('did you mean --help?');
  });
});
