import { ExplainedError, nearest } from '@kun/config';
import type { ProtoSource } from '../proto/files/proto-source.js';
import { isGenerated } from '../proto/generated-proto.js';
import type { KunModuleOptions } from './options.js';

/** The options of `KunModule.forRoot` or `forRootAsync` are invalid; the message lists every problem. */
export class ModuleOptionsError extends ExplainedError {
  override readonly name = 'ModuleOptionsError';
}

type Kind =
  | 'a string'
  | 'an array'
  | 'an object'
  | 'a string or an array of strings'
  | 'an object or an array of objects';

const OPTIONS: Readonly<Record<keyof KunModuleOptions, Kind>> = {
  service: 'a string',
  version: 'a string',
  proto: 'an object or an array of objects',
  base: 'a string',
  config: 'an object',
  interceptors: 'an array',
  services: 'an array',
  rules: 'an object',
  channelOptions: 'an object',
};

const PROTO: Readonly<Record<keyof ProtoSource, Kind>> = {
  package: 'a string',
  path: 'a string or an array of strings',
  includeDirs: 'an array',
  services: 'an array',
  fieldNames: 'a string',
  longs: 'a string',
  enums: 'a string',
};

const CONFIG: Readonly<Record<keyof NonNullable<KunModuleOptions['config']>, Kind>> = { schemas: 'an array' };

/**
 * Validates what the compiler could not: options from JavaScript, a cast, or elsewhere. An unknown option is usually a
 * typo that would otherwise go unnoticed.
 *
 * @throws {ModuleOptionsError} listing every option that is unknown, missing or of the wrong type.
 */
export function checkModuleOptions(options: unknown): void {
  const problems = problemsOf('', options, OPTIONS);
  if (isObject(options)) {
    const { proto, config } = options;
    if (proto === undefined) problems.push("proto is missing: { path: 'proto/echo.proto' }");
    for (const [index, source] of (Array.isArray(proto) ? proto : [proto]).entries()) {
      const place = Array.isArray(proto) ? `proto[${index}].` : 'proto.';
      if (isObject(source) && isGenerated(source)) continue;
      if (source !== undefined && (isObject(source) || Array.isArray(proto))) {
        problems.push(...problemsOf(place, source, PROTO));
        if (isObject(source) && source['path'] === undefined) problems.push(`${place}path is missing`);
      }
    }
    if (isObject(config)) problems.push(...problemsOf('config.', config, CONFIG));
  }
  if (problems.length > 0) throw new ModuleOptionsError(`KunModule.forRoot(...): ${problems.join('; ')}`);
}

function problemsOf(place: string, given: unknown, known: Readonly<Record<string, Kind>>): string[] {
  if (!isObject(given))
    return [`expected ${place.replace(/\.$/, '') || 'the options'} to be an object, found ${found(given)}`];
  return Object.entries(given).flatMap(([name, value]) => {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      const near = nearest(name, Object.keys(known));
      const remedy = near ? `did you mean ${near}?` : `there are ${Object.keys(known).join(', ')}`;
      return [`there is no option ${place}${name}; ${remedy}`];
    }
    return value === undefined || MATCHES[kind](value)
      ? []
      : [`${place}${name}: expected ${kind}, found ${found(value)}`];
  });
}

const MATCHES: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  'a string': isText,
  'an array': Array.isArray,
  'an object': isObject,
  'a string or an array of strings': (value) =>
    isText(value) || (Array.isArray(value) && value.every(isText)),
  'an object or an array of objects': (value) =>
    isObject(value) || (Array.isArray(value) && value.every(isObject)),
};

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Describes the type only: the value may be a secret in the wrong place. */
function found(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string'
    ? 'a string'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`;
}
