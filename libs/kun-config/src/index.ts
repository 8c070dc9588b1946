export { loadConfig, type Outputs } from './load-config.js';
export type { LoadConfigOptions } from './load-options.js';
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
export { nearest } from './nearest.js';
export { Secret } from './secret.js';
export { Configuration, type ValueChange } from './configuration.js';
export { ConfigWatcher, type Look, type WatchOptions } from './config-watcher.js';
export type { ConfigChange } from './config-change.js';
export type { ConfigStatus, ReloadEvent, ReloadFailure, ReloadSuccess } from './reload-event.js';
export { ConfigSection, type Section, type SectionClass } from './config-section.js';
export { OnConfigChange } from './on-config-change.js';
export { KunConfigModule, type KunConfigOptions } from './kun-config.module.js';
export { editorSchema } from './editor-schema.js';
export type { ExplainedValue } from './explain-config.js';
