import { ModulesContainer, MetadataScanner } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';

/**
 * Where the handler of each of Nest's patterns is written, as `Controller.method`: for messages about handlers that
 * nothing calls.
 */
export function handlerPlaces(modules: ModulesContainer): ReadonlyMap<string, string> {
  const scanner = new MetadataScanner();
  const places = new Map<string, string>();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const prototype = typeof metatype === 'function' ? (metatype.prototype as object) : undefined;
      if (!metatype || !prototype) continue;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = Reflect.get(prototype, method) as object;
        const patterns = (Reflect.getMetadata(PATTERN_METADATA, handler) ?? []) as readonly unknown[];
        for (const pattern of patterns) places.set(JSON.stringify(pattern), `${metatype.name}.${method}`);
      }
    }
  }
  return places;
}
