export { loadConfig, type Outputs } from './load/load-config.js';
export type { LoadConfigOptions } from './load/load-options.js';
export { LoadedConfig } from './load/loaded-config.js';
export type { HiddenValue, LayerPlace, LoadedLayer, Origin } from './report/origin.js';
export { configLayers, type ConfigLayer, type LayerName, type LayerNames } from './files/config-layers.js';
export {
  ConfigError,
  formatProblem,
  type ConfigProblem,
  type ConfigProblemCode,
} from './report/config-error.js';
export { ExplainedError } from './explained-error.js';
export type { ConfigCheck, ConfigFinding } from './load/load-options.js';
export type { ConfigPath } from './config-path.js';
export { nearest } from './nearest.js';
export { Secret } from './secret.js';
export { Configuration, type ValueChange } from './live/configuration.js';
export { ConfigWatcher, type Look, type WatchOptions } from './live/config-watcher.js';
export type { ConfigChange } from './live/config-change.js';
export type { ConfigStatus, ReloadEvent, ReloadFailure, ReloadSuccess } from './live/reload-event.js';
export { ConfigSection, type Section, type SectionClass } from './nest/config-section.js';
export { OnConfigChange } from './nest/on-config-change.js';
export { KunConfigModule, type KunConfigOptions } from './nest/kun-config.module.js';
export { editorSchema } from './schema/editor-schema.js';
export type { ExplainedValue } from './report/explain-config.js';
