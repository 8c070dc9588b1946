import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AllKinds } from '../../fixtures/all-kinds.js';
import { kindsModule } from '../../fixtures/kinds.module.js';
import { REPOSITORY } from '../running-process.js';
import { RAW_CASES } from './raw-cases.js';
import { observe } from './raw-observer.js';

@Controller()
class RawController extends AllKinds {}

const ENGINES = ['kun', 'grpc-js'] as const;

describe('what a peer may send', () => {
  const services = new Map<string, TestService>();
  beforeAll(async () => {
    for (const Engine of ENGINES) {
      const module = kindsModule({ controllers: [RawController] });
      services.set(Engine, await startTestService(module, { overrides: { GRPCServer: { Engine } } }));
    }
  });
  afterAll(async () => {
    for (const service of services.values()) await service.close();
  });

  it.each(Object.entries(RAW_CASES))('is answered alike, or as the document says: %s', async (name, send) => {
    const [kun, grpcJs] = await Promise.all(
      ENGINES.map((engine) => observe(services.get(engine)!.grpcAddress, send())),
    );
    const documented = (await differences()).get(name);
    if (kun === grpcJs) expect(documented, 'the difference is gone from the engines').toBeUndefined();
    else expect(documented).toBe(`kun: ${kun}; grpc-js: ${grpcJs}`);
  });

  it('has a case for each difference in the document', async () => {
    const known = new Set(Object.keys(RAW_CASES));
    expect([...(await differences()).keys()].filter((name) => !known.has(name))).toEqual([]);
  });
});

/** The table of docs/engines.md. */
async function differences(): Promise<Map<string, string>> {
  const text = await readFile(join(REPOSITORY, 'docs/engines.md'), 'utf8').catch(() => '');
  const [, table = ''] = text.split('## What peers may send\n');
  const rows = [...table.matchAll(/^\| ([^|]+?) +\| `([^`]+)` +\| `([^`]+)` +\|/gm)];
  return new Map(
    rows.map(([, name = '', kun = '', grpcJs = '']) => [name, `kun: ${kun}; grpc-js: ${grpcJs}`]),
  );
}
