import { join, resolve } from 'node:path';

/** Names the service whose configuration is loaded. */
export interface LayerNames {
  /** The directory that holds `conf/`; default the environment variable `KUN_BASE`, then the working directory. */
  readonly base?: string | undefined;
  /** The service: selects `conf/{service}/`. */
  readonly service: string;
  /** The cluster within the service: selects `conf/{service}/{cluster}/`; default none. */
  readonly cluster?: string | undefined;
  /** The instance within the cluster: selects `conf/{service}/{cluster}/{instance}/`; default none. */
  readonly instance?: string | undefined;
}

/** The four layers, outermost first. */
export type LayerName = 'Namespace' | 'Service' | 'Cluster' | 'Instance';

/** One of the four files, and its layer. */
export interface ConfigLayer {
  readonly name: LayerName;
  /** Absolute path of the file. */
  readonly file: string;
  /** Absolute path of the directory that holds `conf/`. */
  readonly base: string;
  /** Whether a missing file is an error. */
  readonly required: boolean;
}

/**
 * The files that are read, in the order in which later ones win. This is the one place that knows the precedence.
 *
 * @throws {TypeError} when a name would leave its directory (`..`, a separator, an empty name).
 */
export function configLayers(names: LayerNames, env: NodeJS.ProcessEnv = process.env): ConfigLayer[] {
  const base = resolve(names.base ?? (env['KUN_BASE'] || '.'));
  const root = join(base, 'conf');
  const service = segment('service', names.service);
  const layers: ConfigLayer[] = [
    { name: 'Namespace', file: join(root, FILE_NAME), base, required: false },
    { name: 'Service', file: join(root, service, FILE_NAME), base, required: true },
  ];
  if (names.cluster === undefined || names.cluster === '') return layers;
  const cluster = segment('cluster', names.cluster);
  layers.push({ name: 'Cluster', file: join(root, service, cluster, FILE_NAME), base, required: false });
  if (names.instance === undefined || names.instance === '') return layers;
  const instance = segment('instance', names.instance);
  const file = join(root, service, cluster, instance, FILE_NAME);
  layers.push({ name: 'Instance', file, base, required: false });
  return layers;
}

/** The name of the file in every layer. */
export const FILE_NAME = 'public.yaml';

function segment(what: string, name: string): string {
  // The names come from the environment, so none may point outside `conf/`. A NUL would make every file call throw.
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
    throw new TypeError(
      `the ${what} name ${JSON.stringify(name)} cannot be a directory name; use a plain name`,
    );
  }
  return name;
}
