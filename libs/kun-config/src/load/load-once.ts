import { realpath } from 'node:fs/promises';
import { configLayers } from '../files/config-layers.js';
import { SourceFile, type MapNode } from '../files/config-node.js';
import { mergeMaps } from '../files/merge-layers.js';
import { OutsideValues } from '../files/outside-values.js';
import { ConfigError, type ConfigProblem } from '../report/config-error.js';
import { findWarnings } from '../report/find-warnings.js';
import { ProblemMaker } from '../report/problem-maker.js';
import { SchemaView } from '../schema/schema-view.js';
import { wantedKind } from '../schema/wanted-kind.js';
import { checkConfig, validateConfig } from './validate-config.js';
import { environmentLayer } from './environment-layer.js';
import type { LoadConfigOptions } from './load-options.js';
import { LoadedConfig } from './loaded-config.js';
import { readLayer, readText, type ReadLayer } from './read-layer.js';

/** A configuration, or what is wrong with it; either way with the files that it depends on, found or not. */
export type LoadOutcome = { readonly files: readonly string[] } & (
  | { readonly loaded: LoadedConfig<unknown>; readonly error?: never }
  | { readonly loaded?: never; readonly error: ConfigError }
);

/** Loads once: finds the paths, reads, merges with origins, validates. */
export async function loadOnce(options: LoadConfigOptions): Promise<LoadOutcome> {
  const env = options.env ?? process.env;
  const layers = configLayers(options, env);
  const views = [...new Set(options.schemas)].map((schema) => new SchemaView(schema));
  const problems = new ProblemMaker(views);
  const outside = new OutsideValues({
    env,
    tolerant: options.external === 'tolerated',
    wanted: (path, reading, text) => wantedKind(views, path, reading, text),
  });

  const base = layers[0]?.base ?? '';
  const realBase = realpath(base).catch(() => base);
  const read = await Promise.all(layers.map((layer) => readLayer(layer, realBase, problems)));
  const named: string[] = [];
  const refuse = (all: readonly ConfigProblem[], omitted = 0): LoadOutcome => {
    const shown = inOrder(all, read).slice(0, MAX_PROBLEMS);
    const error = new ConfigError(shown, { omitted: omitted + all.length - shown.length });
    return { files: [...layers.map((layer) => layer.file), ...outside.files], error };
  };
  try {
    const root = await together(read, options, env, views, problems, outside);
    named.push(...layers.map((layer) => layer.file), ...outside.files);
    const found = [...read.flatMap((layer) => layer.problems), ...root.problems];
    found.push(...outside.problems.map((problem) => problems.at(problem.source, problem.offset, problem)));
    // A file that cannot be parsed may hold what seems to be missing from the others.
    if (!read.every((layer) => layer.understood)) return refuse(found);

    const validated = await validateConfig(root.merged, views, problems);
    found.push(...validated.problems);
    if (found.length > 0) return refuse(found, validated.omitted);
    const findings = checkConfig(options.checks ?? [], validated.value, root.merged, problems);
    if (findings.problems.length > 0) return refuse(findings.problems);
    const loaded = new LoadedConfig<unknown>({
      options,
      value: validated.value,
      root: root.merged,
      views,
      problems,
      layers: layers.map(({ name, file }, index) => ({ name, file, found: read[index]?.found ?? false })),
      files: named,
      warnings: [
        ...read.flatMap((layer) => layer.warnings),
        ...root.warnings,
        ...outside.unresolved.map((problem) => problems.at(problem.source, problem.offset, problem)),
        ...findWarnings(root.merged, views, problems),
        ...findings.warnings,
      ].slice(0, MAX_PROBLEMS),
    });
    return { files: named, loaded };
  } catch (error) {
    // A schema or a check that throws must not end a process that reloads.
    const message = `the schema or a check of it failed: ${error instanceof Error ? error.message : String(error)}`;
    const problem = problems.of(new SourceFile(layers[1]?.file ?? '', 'Service', ''), {
      code: 'invalid-value',
      message,
    });
    return { files: named, error: new ConfigError([problem], { cause: error }) };
  }
}

/** Nobody reads more, and a log should not contain more. */
const MAX_PROBLEMS = 200;

interface Together {
  readonly merged: MapNode;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Files, environment and overrides as one tree, with outside values inserted. */
async function together(
  read: ReadLayer[],
  options: LoadConfigOptions,
  env: NodeJS.ProcessEnv,
  views: readonly SchemaView[],
  problems: ProblemMaker,
  outside: OutsideValues,
): Promise<Together> {
  const settle = async (root: MapNode | undefined): Promise<MapNode | undefined> =>
    root && outside.settle(root);
  const source = new SourceFile(read[1]?.source.path ?? '', 'Service', '');
  let merged: MapNode = { kind: 'map', source, offset: 0, keyOffset: 0, hid: [], entries: new Map() };
  const lay = (root: MapNode | undefined): void => {
    if (root) merged = { ...merged, entries: mergeMaps(merged, root).entries };
  };
  for (const layer of read) lay(await settle(layer.root));
  const fromEnvironment = environmentLayer(env, merged, views, problems);
  lay(await settle(fromEnvironment.root));
  if (options.overrides) {
    const text = JSON.stringify(options.overrides, null, 2);
    const overrides = readText(new SourceFile('overrides', 'Overrides', text), problems);
    read.push(overrides);
    lay(await settle(overrides.root));
  }
  return { merged, problems: fromEnvironment.problems, warnings: fromEnvironment.warnings };
}

/** In reading order: layer by layer, each file from the top; the environment last. */
function inOrder(problems: readonly ConfigProblem[], read: readonly ReadLayer[]): ConfigProblem[] {
  const files = read.map((layer) => layer.source.display);
  const file = (problem: ConfigProblem): number => {
    const index = files.indexOf(problem.file);
    return index < 0 ? files.length : index;
  };
  return problems.toSorted((a, b) => file(a) - file(b) || a.line - b.line || a.column - b.column);
}
