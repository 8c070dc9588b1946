import { checkConfig } from './config-check.js';
import { ConfigError, type ConfigProblem } from '../report/config-error.js';
import { configLayers } from '../files/config-layers.js';
import { SourceFile, toPlain, type MapNode } from '../files/config-node.js';
import { ExternalValues } from '../files/external-values.js';
import { findWarnings } from '../report/find-warnings.js';
import type { LoadConfigOptions } from './load-options.js';
import { LoadedConfig } from './loaded-config.js';
import { mergeMaps } from '../files/merge-layers.js';
import { ProblemMaker } from '../report/problem-maker.js';
import { readLayer, readText, type ReadLayer } from './read-layer.js';
import { SchemaView } from '../schema/schema-view.js';
import { validateConfig, type Validated } from './validate-config.js';

/** A configuration or what is wrong with it; either way the files that it depends on, found or not. */
export type LoadOutcome = { readonly files: readonly string[] } & (
  | { readonly loaded: LoadedConfig<unknown>; readonly error?: never }
  | { readonly loaded?: never; readonly error: ConfigError }
);

/** The whole way from paths to a validated value, once: paths, read, merge with origin, validate. */
export async function loadOnce(options: LoadConfigOptions): Promise<LoadOutcome> {
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

  const root = mergeAll(
    read.map((layer) => layer.root),
    layers[1]?.file ?? '',
  );
  const found = read.flatMap((layer) => layer.problems);
  found.push(...external.problems.map((problem) => problems.at(problem.source, problem.offset, problem)));
  const files = [...layers.map((layer) => layer.file), ...external.files];
  const refuse = (all: readonly ConfigProblem[]): LoadOutcome => ({
    files,
    error: new ConfigError(inOrder(all, read)),
  });
  // A file that cannot be understood may hold what the others seem to lack.
  if (!read.every((layer) => layer.understood)) return refuse(found);

  try {
    const validated = views.length === 0 ? accept(root) : await validateConfig(root, views, problems);
    found.push(...validated.problems);
    if (found.length > 0) return refuse(found);
    const findings = checkConfig(options.checks ?? [], validated.value, root, problems);
    if (findings.problems.length > 0) return refuse(findings.problems);
    const loaded = new LoadedConfig<unknown>({
      options,
      value: validated.value,
      root,
      views,
      problems,
      layers: layers.map(({ name, file }, index) => ({ name, file, found: read[index]?.found ?? false })),
      files,
      warnings: [
        ...external.unresolved.map((problem) => problems.at(problem.source, problem.offset, problem)),
        ...findWarnings(root, views, problems),
        ...findings.warnings,
      ],
    });
    return { files, loaded };
  } catch (error) {
    // A schema or a check that throws must not end a process that reloads.
    const message = `the schema or a check of it failed: ${error instanceof Error ? error.message : String(error)}`;
    const problem = problems.of(new SourceFile(layers[1]?.file ?? '', 'Service', ''), {
      code: 'invalid-value',
      message,
    });
    return { files, error: new ConfigError([problem], { cause: error }) };
  }
}

/** Without a schema there is nothing to say about what was read. */
function accept(root: MapNode): Validated {
  return { value: toPlain(root), problems: [] };
}

/** As one reads them: layer by layer, from the top of each file. */
function inOrder(problems: readonly ConfigProblem[], read: readonly ReadLayer[]): ConfigProblem[] {
  const files = read.map((layer) => layer.source.display);
  const file = (problem: ConfigProblem): number => files.indexOf(problem.file);
  return problems.toSorted((a, b) => file(a) - file(b) || a.line - b.line || a.column - b.column);
}

function mergeAll(roots: readonly (MapNode | undefined)[], file: string): MapNode {
  const source = new SourceFile(file, 'Service', '');
  let merged: MapNode = { kind: 'map', source, offset: 0, keyOffset: 0, hid: [], entries: new Map() };
  for (const root of roots) if (root) merged = { ...merged, entries: mergeMaps(merged, root).entries };
  return merged;
}
