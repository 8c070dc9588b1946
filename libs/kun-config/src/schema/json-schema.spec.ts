import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TestingTree } from '../../test/testing-tree.js';
import { formatProblem, ConfigError } from '../report/config-error.js';
import { editorSchema } from './editor-schema.js';
import type { JsonSchema } from './json-schema.js';
import { loadConfig } from '../load/load-config.js';

/** A library of its own that speaks both standards and whose validation accepts or refuses as it is told. */
function schemaOf(
  json: JsonSchema,
  issues: StandardSchemaV1.Issue[] = [],
): StandardSchemaV1 & StandardJSONSchemaV1 {
  const convert = (): Record<string, unknown> => ({ ...json });
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (issues.length > 0 ? { issues } : { value }),
      jsonSchema: { input: convert, output: convert },
    },
  };
}

async function problemsOf(text: string, schema: StandardSchemaV1): Promise<string[]> {
  await using tree = await TestingTree.of({ 'conf/s/public.yaml': text });
  const error: unknown = await loadConfig({ base: tree.base, service: 's', schemas: [schema] }).catch(
    (caught: unknown) => caught,
  );
  if (!(error instanceof ConfigError)) return [];
  return error.problems.map((problem) => formatProblem(problem).replace(/^.*public\.yaml:/, ''));
}

const wide: JsonSchema = {
  type: 'object',
  $defs: {
    node: {
      type: 'object',
      properties: { Size: { type: 'integer', exclusiveMinimum: 0 }, Next: { $ref: '#/$defs/node' } },
      additionalProperties: false,
    },
  },
  properties: {
    Node: { $ref: '#/$defs/node' },
    Either: { oneOf: [{ type: 'string', minLength: 3, maxLength: 5 }, { type: 'boolean' }] },
    Exact: { const: 'v1' },
    Both: {
      allOf: [
        { type: 'object', properties: { A: { type: 'string' } } },
        { type: 'object', properties: { B: { type: 'number', maximum: 9 } } },
      ],
    },
    Pair: { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }] },
    Any: { type: 'object', patternProperties: { '^x-': { type: 'boolean' } } },
  },
  additionalProperties: false,
};

describe('the JSON Schema of any library', () => {
  it.each([
    [
      'Node: { Next: { Next: { Size: 0 } } }',
      ['Node', 'Next', 'Next', 'Size'],
      'expected a whole number above 0, found the number 0',
    ],
    ['Either: ab', ['Either'], 'expected a string of 3 to 5 characters or a boolean, found the string "ab"'],
    ['Exact: v2', ['Exact'], 'expected "v1", found the string "v2"'],
    ['Both: { B: 10 }', ['Both', 'B'], 'expected a number of at most 9, found the number 10'],
    ['Pair: [1, 2]', ['Pair', 1], `expected a string, found the number 2; did you mean '2' in quotes?`],
    ['Any: { x-a: 1 }', ['Any', 'x-a'], 'expected a boolean, found the number 1; did you mean true?'],
    ['Any: { x-a: fine }', ['Any'], 'no'],
  ])('says what is allowed: %s', async (text, path, message) => {
    const [found] = await problemsOf(text, schemaOf(wide, [{ message: 'no', path }]));
    expect(found?.replace(/^\S+ \S+: /, '')).toBe(message);
  });

  it('says which keys there are, also where validation failed on something else', async () => {
    const schema = schemaOf(wide, [{ message: 'is out of order', path: ['Exact'] }]);
    expect(await problemsOf('Exact: v1\nNdoe: {}\nNode: { Siez: 1 }\n', schema)).toEqual([
      '1:8 Exact: is out of order, found the string "v1"',
      '2:1 Ndoe: is not a known key; did you mean Node?',
      '3:9 Node.Siez: is not a known key; did you mean Node.Size?',
    ]);
  });

  it('may say nothing useful, and a library may fail to make one', async () => {
    const silent = schemaOf({}, [{ message: 'Must be odd.', path: ['A'] }]);
    expect(await problemsOf('A: 2\n', silent)).toEqual(['1:4 A: Must be odd, found the number 2']);
    const failing = schemaOf({});
    const broken: StandardSchemaV1 = {
      '~standard': {
        ...failing['~standard'],
        jsonSchema: {
          input: () => {
            throw new Error('cannot be said');
          },
          output: () => ({}),
        },
      } as StandardSchemaV1['~standard'],
    };
    expect(await problemsOf('A: 2\n', broken)).toEqual([]);
    expect(() => editorSchema([broken])).toThrow(/test offers no JSON Schema/);
  });

  it('of a recursive schema stays so for editors', () => {
    interface Tree {
      Name: string;
      Inner?: Tree[] | undefined;
    }
    const tree: z.ZodType<Tree> = z.object({
      Name: z.string(),
      Inner: z.lazy(() => z.array(tree)).optional(),
    });
    const json = editorSchema([z.object({ Port: z.int() }), z.object({ Tree: tree })]);
    const schema = z.fromJSONSchema(json as never);
    expect(
      schema.safeParse({ Tree: { Name: 'a', Inner: [{ Name: 'b', Inner: [{ Name: '${C}' }] }] } }).success,
    ).toBe(true);
    expect(
      schema.safeParse({ Tree: { Name: 'a', Inner: [{ Name: 'b', Inner: [{ Nmae: 'c' }] }] } }).success,
    ).toBe(false);
  });
});
