import type { LayerName } from '../files/config-layers.js';
import type { Place, SourceLayer } from '../files/config-node.js';

/** A layer and whether it has a file. */
export interface LoadedLayer {
  readonly name: LayerName;
  /** Absolute path. */
  readonly file: string;
  readonly found: boolean;
}

/** A place in one of the layers, or a variable of the environment. */
export interface LayerPlace extends Place {
  readonly layer: SourceLayer;
}

/** A value that an inner layer hides; shown as text, with secrets blanked. */
export interface HiddenValue extends LayerPlace {
  readonly shown: string;
}

/** Where a value comes from. */
export interface Origin {
  /**
   * `environment`: from a variable that sets the key by its name. `default`: from the schema, because no layer sets
   * the key or one unsets it.
   */
  readonly from: 'file' | 'environment' | 'default';
  /** Where it stands; for a default the place of the `null` that unsets it, if any. */
  readonly place?: LayerPlace;
  /** What it hides, nearest first. */
  readonly hid: readonly HiddenValue[];
}
