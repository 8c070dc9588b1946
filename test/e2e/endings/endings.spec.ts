import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../running-process.js';
import { installNodes, NODE_LINES, REFUSED_NODES } from './node-versions.js';

// How a call ended is read from diagnostics channels that Node calls experimental, so the whole table is held on each
// line of Node that kun supports.

const run = promisify(execFile);
const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

let nodes: ReadonlyMap<string, string>;

beforeAll(async () => {
  nodes = await installNodes();
}, 600_000);

describe.each(NODE_LINES)('on Node %s', (line) => {
  it('every call ends once, and all reports of it agree with the wire', async () => {
    const results = await runTable(nodes.get(line)!);
    expect(failuresIn(results)).toEqual([]);
    expect(results.numPassedTests).toBeGreaterThan(200);
  }, 240_000);
});

describe.each(REFUSED_NODES)('on Node %s', (name) => {
  it.each(['@kun/core', '@kun/core/testing'])(
    '%s says what it needs and what it found, and loads nothing',
    async (entry) => {
      const node = nodes.get(name)!;
      const program = `import '@nestjs/common'; import '${entry}'; console.log('loaded');`;
      const { stdout: version } = await run(node, ['--version']);
      const refused = await run(node, ['--input-type=module', '--eval', program], { cwd: REPOSITORY }).then(
        () => undefined,
        (error: { stdout: string; stderr: string }) => error,
      );
      expect(refused?.stdout).toBe('');
      expect(refused?.stderr).toContain('NodeVersionError: @kun/core needs Node ');
      expect(refused?.stderr).toContain(`this is ${version.trim().slice(1)},`);
    },
  );
});

interface Results {
  readonly numPassedTests: number;
  readonly testResults: ReadonlyArray<{
    readonly message: string;
    readonly assertionResults: ReadonlyArray<{
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }>;
  }>;
}

async function runTable(node: string): Promise<Results> {
  const { stdout: version } = await run(node, ['--version']);
  const folder = await mkdtemp(join(tmpdir(), 'kun-endings-'));
  const file = join(folder, 'results.json');
  const config = join(import.meta.dirname, 'vitest.config.ts');
  try {
    await run(node, [VITEST, 'run', '--config', config, '--reporter=json', `--outputFile=${file}`], {
      cwd: import.meta.dirname,
      env: { ...ownEnvironment(), EXPECTED_NODE: version.trim() },
      maxBuffer: 64 * 1024 * 1024,
    }).catch(() => undefined); // It fails when a test does; the results say which.
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function failuresIn({ testResults }: Results): string[] {
  return testResults.flatMap(({ message, assertionResults }) => [
    ...(message ? [message] : []),
    ...assertionResults
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split('\n    at')[0]}`),
  ]);
}

/** Without what this vitest tells its own workers. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
}
