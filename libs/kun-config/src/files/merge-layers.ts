import type { ConfigNode, MapNode } from './config-node.js';

/**
 * Lays an inner layer over an outer one. What is present wins, whatever its value: `false`, `0` and `''` hide an
 * outer value like any other. Maps merge key by key, lists replace, a key written as `null` unsets.
 * Each node of the result knows which nodes it hides.
 */
export function mergeLayers(outer: ConfigNode, inner: ConfigNode): ConfigNode {
  if (outer.kind === 'map' && inner.kind === 'map') return mergeMaps(outer, inner);
  return { ...inner, hid: [...inner.hid, outer, ...outer.hid] };
}

/** Lays the top of an inner file over that of an outer one: see {@link mergeLayers}. */
export function mergeMaps(outer: MapNode, inner: MapNode): MapNode {
  const entries = new Map(outer.entries);
  for (const [key, node] of inner.entries) {
    const hidden = entries.get(key);
    entries.set(key, hidden ? mergeLayers(hidden, node) : node);
  }
  return { ...inner, entries, hid: outer.hid };
}
