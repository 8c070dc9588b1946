import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { WantedKind } from '../files/outside-values.js';
import { normaliseIssues, type Issue } from './issue.js';
import type { SchemaView } from './schema-view.js';

/**
 * What the schemas want at a place where a text from outside goes. Where a schema says what it reads, that is asked;
 * otherwise it is tried with values of other types, and wants text if it refuses them all.
 *
 * @param reading what the text means when it is read as YAML; undefined if it is not YAML
 */
export async function wantedKind(
  views: readonly SchemaView[],
  path: readonly string[],
  reading: unknown,
  text: string,
): Promise<WantedKind> {
  const [top = ''] = path;
  const owner = views.find((view) => view.names.includes(top));
  const asked = owner ? [owner] : views.filter((view) => view.open);
  const kinds = new Set<WantedKind>();
  for (const view of asked) kinds.add(view.wants(path) ?? (await tried(view, path, reading, text)));
  // One that knows nothing of the key takes anything there.
  return (['text', 'words', 'other', 'mixed'] as const).find((kind) => kinds.has(kind)) ?? 'other';
}

async function tried(
  view: SchemaView,
  path: readonly string[],
  reading: unknown,
  text: string,
): Promise<WantedKind> {
  const { vendor } = view.schema['~standard'];
  // zod has said all there is: what it leaves open takes anything, or coerces it.
  if (vendor === 'zod' && view.json) return 'other';
  const others = [
    ...OTHERS,
    ...(reading === undefined || reading === null || typeof reading === 'string' ? [] : [reading]),
  ];
  let expectsText = false;
  for (const value of others) {
    const issues = await issuesAt(view.schema, path, value);
    if (issues.length === 0) return 'other';
    expectsText ||= issues.some(({ expected }) => expected === 'string');
  }
  if (expectsText) return 'text';
  return (await issuesAt(view.schema, path, text)).length === 0 ? 'text' : 'mixed';
}

const OTHERS: readonly unknown[] = [true, false, 0, 1, 0.5, [], {}];

async function issuesAt(schema: StandardSchemaV1, path: readonly string[], value: unknown): Promise<Issue[]> {
  try {
    const result = await schema['~standard'].validate(nested(path, value));
    return normaliseIssues(result.issues ?? []).filter(({ path: at }) =>
      path.every((key, index) => String(at[index]) === key),
    );
  } catch {
    // A check that cannot stand such a value says nothing of it.
    return [];
  }
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.toReversed().reduce<unknown>((inner, key) => {
    if (!/^\d{1,3}$/.test(key)) return { [key]: inner };
    return Array.from({ length: Number(key) + 1 }, () => inner);
  }, value);
}
