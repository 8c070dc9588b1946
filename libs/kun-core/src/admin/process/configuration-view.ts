import { formatProblem, type Configuration, type ExplainedValue, type LayerPlace } from '@kun/config';
import type { ConfigAnswer, ConfigEntry, ConfigOrigin } from '../answers/process.js';

/** A configuration of any type. */
export type ReadConfiguration = Pick<Configuration<object>, 'loaded' | 'status' | 'layers' | 'warnings'>;

/**
 * The answer of `/configz`: the values in force at and below `key`, each with its origin and what it hides. The configuration
 * itself blanks secrets.
 */
export function configurationView(configuration: ReadConfiguration, key: string | undefined): ConfigAnswer {
  const { loaded, status, layers, warnings } = configuration;
  return {
    hash: status.hash,
    layers: layers.map(({ name, file, found }) => ({ name, file, found })),
    values: loaded.explain(key === undefined || key === '' ? [] : key.split('.')).map(entryOf),
    warnings: warnings.map((problem) => formatProblem(problem)),
    ...(status.error && { error: status.error.message }),
  };
}

function entryOf({ path, shown, from, place, hid, reload, description }: ExplainedValue): ConfigEntry {
  return {
    key: path,
    value: shown,
    from,
    ...(place && originOf(place)),
    hides: hid.map((hidden) => ({ ...originOf(hidden), value: hidden.shown })),
    ...(reload && { reload }),
    ...(description !== undefined && { description }),
  };
}

/** An environment variable has no line. */
function originOf({ layer, file, line, column }: LayerPlace): ConfigOrigin {
  return { layer, file, ...(line > 0 && { line, column }) };
}
