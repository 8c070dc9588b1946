import { ExplainedError, nearest } from '@kun/config';
import type { ProtoSource } from '../proto/files/proto-source.js';
import { isGenerated } from '../proto/generated-proto.js';
import type { KunModuleOptions } from './options.js';

/** The options of `KunModule.forRoot` or `forRootAsync` are not what they must be; the message has each that is wrong. */
export class ModuleOptionsError extends ExplainedError {
  override readonly name = 'ModuleOptionsError';
}

type Kind =
  'a text' | 'a list' | 'an object' | 'a text or a list of texts' | 'an object or a list of objects';

const OPTIONS: Readonly<Record<keyof KunModuleOptions, Kind>> = {
  service: 'a text',
  version: 'a text',
  proto: 'an object or a list of objects',
  base: 'a text',
  config: 'an object',
  interceptors: 'a list',
  services: 'a list',
  rules: 'an object',
  channelOptions: 'an object',
};

const PROTO: Readonly<Record<keyof ProtoSource, Kind>> = {
  package: 'a text',
  path: 'a text or a list of texts',
  includeDirs: 'a list',
  services: 'a list',
  fieldNames: 'a text',
  longs: 'a text',
  enums: 'a text',
};

const CONFIG: Readonly<Record<keyof NonNullable<KunModuleOptions['config']>, Kind>> = { schemas: 'a list' };

/**
 * Looks at what the types have let through: JavaScript, a cast, an object from elsewhere. An option that nobody reads
 * is a slip that would be found by its absence only.
 *
 * @throws {ModuleOptionsError} with every option that is unknown, missing or of another kind.
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
  'a text': isText,
  'a list': Array.isArray,
  'an object': isObject,
  'a text or a list of texts': (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  'an object or a list of objects': (value) =>
    isObject(value) || (Array.isArray(value) && value.every(isObject)),
};

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Never the value itself, which may be a secret put in the wrong place. */
function found(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
