import type { StandardSchemaV1 } from '@standard-schema/spec';
import { checkConfig, type ConfigCheck } from './config-check.js';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { configLayers, type LayerNames } from './config-layers.js';
import { SourceFile, toPlain, type MapNode } from './config-node.js';
import { ExternalValues } from './external-values.js';
import { LoadedConfig } from './loaded-config.js';
import { mergeMaps } from './merge-layers.js';
import { ProblemMaker } from './problem-maker.js';
import { readLayer, readText } from './read-layer.js';
import { SchemaView } from './schema-view.js';
import { validateConfig, type Validated } from './validate-config.js';
import { findWarnings } from './find-warnings.js';

/** What to load and what it must look like. */
export interface LoadConfigOptions extends LayerNames {
  /**
   * The schemas of the keys, from any library that speaks Standard Schema; each reads its own top-level keys and a
   * key of none is an error. Default none: everything is accepted.
   */
  schemas?: readonly StandardSchemaV1[] | undefined;
  /** Values that win over every file, as a test wants them; default none. */
  overrides?: Readonly<Record<string, unknown>> | undefined;
  /** Where `KUN_BASE` and `${NAME}` are looked up; default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined;
  /** What a schema cannot say: keys that conflict, keys without effect; default none. */
  checks?: readonly ConfigCheck[] | undefined;
  /**
   * Whether an environment variable or a `!file` that is not there is an error (default) or, as wanted where a tree
   * is checked away from its target, only a warning that also silences the schema at that key.
   */
  external?: 'required' | 'tolerated' | undefined;
}

/** What several schemas give together. */
export type Outputs<S extends readonly StandardSchemaV1[]> =
  UnionToIntersection<StandardSchemaV1.InferOutput<S[number]>> extends infer T
    ? { [K in keyof T]: T[K] }
    : never;

/**
 * Loads the configuration of a service: paths, read, merge with origin, validate. Needs no Nest.
 *
 * @throws ConfigError with everything that is wrong, each with its place
 * @throws TypeError when a name cannot be a directory name
 */
export function loadConfig<const S extends readonly StandardSchemaV1[]>(
  options: LoadConfigOptions & { schemas: S },
): Promise<LoadedConfig<Outputs<S>>>;
export function loadConfig<T = Record<string, unknown>>(options: LoadConfigOptions): Promise<LoadedConfig<T>>;
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig<unknown>> {
  const env = options.env ?? process.env;
  const layers = configLayers(options, env);
  const views = [...new Set(options.schemas)].map((schema) => new SchemaView(schema));
  const problems = new ProblemMaker(views);
  const external = new ExternalValues({ env, tolerant: options.external === 'tolerated' });

  const read = await Promise.all(layers.map((layer) => readLayer(layer, external, problems)));
  if (options.overrides) {
    const text = JSON.stringify(options.overrides, null, 2);
    read.push(readText(new SourceFile('overrides', 'Overrides', text), external, problems));
  }
  await external.load();

  const files = read.map((layer) => layer.source.display);
  const root = mergeAll(
    read.map((layer) => layer.root),
    layers[1]?.file ?? '',
  );
  const found = read.flatMap((layer) => layer.problems);
  found.push(...external.problems.map((problem) => problems.at(problem.source, problem.offset, problem)));
  // A file that cannot be understood may hold what the others seem to lack.
  if (!read.every((layer) => layer.understood)) throw new ConfigError(inOrder(found, files));

  const validated = views.length === 0 ? accept(root) : await validateConfig(root, views, problems);
  found.push(...validated.problems);
  if (found.length > 0) throw new ConfigError(inOrder(found, files));
  const { value } = validated;
  const findings = checkConfig(options.checks ?? [], value, root, problems);
  if (findings.problems.length > 0) throw new ConfigError(inOrder(findings.problems, files));
  return new LoadedConfig({
    value,
    root,
    views,
    problems,
    layers: layers.map(({ name, file }, index) => ({ name, file, found: read[index]?.found ?? false })),
    files: [...layers.map((layer) => layer.file), ...external.files],
    warnings: [
      ...external.unresolved.map((problem) => problems.at(problem.source, problem.offset, problem)),
      ...findWarnings(root, views, problems),
      ...findings.warnings,
    ],
  });
}

/** Without a schema there is nothing to say about what was read. */
function accept(root: MapNode): Validated {
  return { value: toPlain(root), problems: [] };
}

/** As one reads them: layer by layer, from the top of each file. */
function inOrder(problems: readonly ConfigProblem[], files: readonly string[]): ConfigProblem[] {
  const file = (problem: ConfigProblem): number => files.indexOf(problem.file);
  return problems.toSorted((a, b) => file(a) - file(b) || a.line - b.line || a.column - b.column);
}

function mergeAll(roots: readonly (MapNode | undefined)[], file: string): MapNode {
  const source = new SourceFile(file, 'Service', '');
  let merged: MapNode = { kind: 'map', source, offset: 0, keyOffset: 0, hid: [], entries: new Map() };
  for (const root of roots) if (root) merged = { ...merged, entries: mergeMaps(merged, root).entries };
  return merged;
}

type UnionToIntersection<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void
  ? I
  : never;
