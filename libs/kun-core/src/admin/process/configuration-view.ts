import { formatProblem, type Configuration, type ExplainedValue, type LayerPlace } from '@kun/config';
import type { ConfigAnswer, ConfigEntry, ConfigOrigin } from '../answers/process.js';

/** The configuration as it is read here, of whatever type its values are. */
export type ReadConfiguration = Pick<Configuration<object>, 'loaded' | 'status' | 'layers' | 'warnings'>;

/**
 * What `/configz` answers: the values in force, at and below `key`, each with its place and what it hides. Secrets are
 * blanked by the configuration itself.
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

/** A variable of the environment has no lines. */
function originOf({ layer, file, line, column }: LayerPlace): ConfigOrigin {
  return { layer, file, ...(line > 0 && { line, column }) };
}
