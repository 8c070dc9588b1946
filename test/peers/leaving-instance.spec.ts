import { join } from 'node:path';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kindsController } from '../e2e/kinds-controller.js';
import { RunningProcess } from '../e2e/running-process.js';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { requireDebianPackages } from './debian-packages.js';
import { GoProgram } from './go-program.js';

const METHOD = `/${KINDS}/Unary`;

/** Clients that know both instances by address: nobody but the GOAWAY tells them that one of them leaves. */
const CLIENTS = {
  'grpc-go': {
    packages: ['golang-go', 'golang-google-grpc-dev'],
    start: async (addresses: readonly string[]) => {
      const program = await GoProgram.build('load');
      closers.push(() => program[Symbol.asyncDispose]());
      return new RunningProcess(program.path, [METHOD, ...addresses]);
    },
  },
  'the C core (Ruby)': {
    packages: ['ruby-grpc'],
    start: async (addresses: readonly string[]) => {
      const program = join(import.meta.dirname, 'ruby/load.rb');
      return new RunningProcess('/usr/bin/ruby', [program, METHOD, ...addresses]);
    },
  },
};

const closers: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe.each(Object.entries(CLIENTS))(
  'an instance that leaves while %s calls it',
  (_, { packages, start }) => {
    beforeAll(() => requireDebianPackages(...packages), 300_000);

    it('loses no call, though nobody waited for it to be taken out of the list', async () => {
      const instances = await Promise.all([startInstance('a'), startInstance('b')] as const);
      const [leaving] = instances;
      const client = await start(instances.map(({ grpcAddress }) => grpcAddress));
      closers.push(() => client[Symbol.asyncDispose]());
      expect(await client.line(({ msg }) => msg === 'called'), client.stderr).toBeDefined();

      const report = await leaving.close();
      expect(report.clean).toBe(true);

      client.kill('SIGTERM');
      const line = await client.line(({ msg }) => msg === 'outcomes');
      const outcomes = line?.['outcomes'] as Record<string, number>;
      expect(Object.keys(outcomes).map(text).toSorted()).toEqual(['a', 'b']);
    }, 120_000);
  },
);

async function startInstance(name: string): Promise<TestService> {
  const controllers = [kindsController({ unary: () => ({ text: name }) })];
  const service = await startTestService(kindsModule({ controllers }), {
    overrides: { GRPCServer: { Engine: 'kun', PreStopDelay: 0 } },
  });
  closers.push(() => service.close());
  return service;
}

/** The text of a Note as it comes: a tag, a length and what is shown. */
function text(outcome: string): string {
  return outcome.startsWith('\n') ? outcome.slice(2) : outcome;
}
