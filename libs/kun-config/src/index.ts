// Loading
export { type Outputs, loadConfig } from './load/load-config.js';
export type { ConfigCheck, ConfigFinding, LoadConfigOptions } from './load/load-options.js';
export { LoadedConfig } from './load/loaded-config.js';

// Files and layers
export type { ConfigPath } from './config-path.js';
export type { LayerName, LayerNames } from './files/config-layers.js';
export type { Place, SourceLayer } from './files/config-node.js';

// Schemas and secrets
export { ExplainedError } from './explained-error.js';
export { nearest } from './nearest.js';
export { Secret, soundsSecret } from './secret.js';

// Reports and errors
export {
  ConfigError,
  type ConfigProblem,
  type ConfigProblemCode,
  formatProblem,
} from './report/config-error.js';
export type { ExplainedValue } from './report/explain-config.js';
export type { HiddenValue, LayerPlace, LoadedLayer, Origin } from './report/origin.js';

// Changes at run time
export type { ConfigChange } from './live/config-change.js';
export type { WatchOptions } from './live/config-watcher.js';
export { Configuration, type ValueChange } from './live/configuration.js';
export type { ConfigStatus, ReloadEvent, ReloadFailure, ReloadSuccess } from './live/reload-event.js';

// Nest
export { ConfigSection, type Section, type SectionClass } from './nest/config-section.js';
export { KunConfigModule, type KunConfigOptions } from './nest/kun-config.module.js';
export { OnConfigChange } from './nest/on-config-change.js';
