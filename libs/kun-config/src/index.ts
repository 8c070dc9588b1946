export { loadConfig, type LoadConfigOptions, type Outputs } from './load-config.js';
export {
  LoadedConfig,
  type HiddenValue,
  type LayerPlace,
  type LoadedLayer,
  type Origin,
} from './loaded-config.js';
export { configLayers, type ConfigLayer, type LayerName, type LayerNames } from './config-layers.js';
export { ConfigError, formatProblem, type ConfigProblem, type ConfigProblemCode } from './config-error.js';
export type { ConfigCheck, ConfigFinding } from './config-check.js';
export type { ConfigPath } from './config-path.js';
export { Secret } from './secret.js';
export { Configuration } from './configuration.js';
export { KunConfigModule, type KunConfigOptions } from './kun-config.module.js';
