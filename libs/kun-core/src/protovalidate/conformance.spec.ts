import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { status } from '@grpc/grpc-js';
import { afterAll, describe, expect, it } from 'vitest';
import { loadProtos } from '../proto/load-protos.js';
import type { CompilableRules } from '../proto/request-rules.js';
import { StatusError } from '../status/status-error.js';
import { protovalidate } from './protovalidate.js';

type Expected = 'valid' | 'invalid' | 'error';

interface Case {
  readonly name: string;
  readonly expr: string;
  readonly expected: Expected;
}

/** The cases of CEL's own conformance suite that are whole in themselves and say true, false or an error. */
function casesOf(suite: IncrementalTestSuite, place = ''): Case[] {
  const within = place === '' ? suite.name : `${place}/${suite.name}`;
  const own = suite.tests.flatMap(({ original, name }): Case[] => {
    const { expr, bindings, typeEnv, container, disableMacros, resultMatcher: result } = original;
    if (Object.keys(bindings).length > 0 || typeEnv.length > 0 || container !== '' || disableMacros)
      return [];
    const found = { name: `${within}/${name}`, expr };
    if (result.case === 'evalError') return [{ ...found, expected: 'error' }];
    if (result.case !== 'value' || result.value.kind.case !== 'boolValue') return [];
    return [{ ...found, expected: result.value.kind.value ? 'valid' : 'invalid' }];
  });
  return [...own, ...suite.suites.flatMap((inner) => casesOf(inner, within))];
}

const directory = mkdtempSync(join(tmpdir(), 'kun-cel-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** One file with the expression of each as the rule of a message, and what comes of them. */
function outcomesOf(cases: readonly Case[]): Expected[] {
  const quoted = (expr: string) =>
    expr.replaceAll(/["\\\n\r]/g, (char) => ({ '\n': '\\n', '\r': '\\r' })[char] ?? `\\${char}`);
  const rpcs = cases.map((_, n) => `rpc Call${n}(M${n}) returns (M${n});`);
  const messages = cases.map(
    ({ expr }, n) => `message M${n} { string text = 1;
      option (buf.validate.message).cel = { id: "case", message: "no", expression: "${quoted(expr)}" }; }`,
  );
  writeFileSync(
    join(directory, 'cases.proto'),
    `syntax = "proto3"; package c; import "buf/validate/validate.proto";
     service S { ${rpcs.join(' ')} } ${messages.join('\n')}`,
  );
  const { services, schemas } = loadProtos([{ path: 'cases.proto' }], directory);
  const methods = cases.map((_, n) => `/c.S/Call${n}`);
  const checks = (protovalidate() as CompilableRules).compile({ schemas, methods });
  return cases.map((_, n) => {
    const method = services.get('c.S')?.[`Call${n}`];
    const check = checks.get(`/c.S/Call${n}`);
    if (!method || !check) throw new Error('there is no rule');
    try {
      check(method.requestDeserialize(Buffer.alloc(0)) as object, Buffer.alloc(0));
      return 'valid';
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return error.code === status.INVALID_ARGUMENT ? 'invalid' : 'error';
    }
  });
}

/** Parts of the suite for extensions of CEL that protovalidate has not. */
const LACKING = ['bindings_ext', 'block_ext', 'macros2', 'optionals', 'fields/quoted_map_fields'];
const isLacking = ({ name }: Case) => LACKING.some((part) => name.startsWith(`conformance/${part}/`));

describe('an expression of CEL, from a proto file to the answer', () => {
  it('comes to what its conformance suite says', () => {
    const cases = casesOf(getConformanceSuite()).filter((each) => !isLacking(each));
    const outcomes = outcomesOf(cases);
    const wrong = cases.filter(({ expected }, n) => expected !== outcomes[n]);
    expect(cases.length).toBeGreaterThan(700);
    expect(wrong).toEqual([]);
  });
});
