import { ExplainedError } from '@kun/config';
import { DEFAULT_FORMS, type MessageForms, type ProtoForms } from '../values/message-forms.js';

/** Proto files, which of their services are served, and the form of their messages. */
export interface ProtoSource extends Partial<ProtoForms> {
  /**
   * The proto package whose services are served, such as `acme.cache.v1`; `''` for files without a package. Default:
   * the package that the files of `path` declare.
   */
  readonly package?: string;
  /**
   * The `.proto` file or files; relative paths refer to the application's base directory, or to an include directory.
   */
  readonly path: string | readonly string[];
  /**
   * Additional directories in which imports are searched, after the files' own; relative paths as in `path`. Default:
   * none.
   */
  readonly includeDirs?: readonly string[];
  /**
   * The services to serve, with or without their package; services of imported files are only served if listed here.
   * Default: all services of the package that the files of `path` declare.
   */
  readonly services?: readonly string[];
}

/** A proto cannot be read, or something is missing in it. */
export class ProtoError extends ExplainedError {
  override readonly name = 'ProtoError';
}

/** The files of a source, for error messages. */
export function pathsOf({ path }: Pick<ProtoSource, 'path'>): readonly string[] {
  return typeof path === 'string' ? [path] : path;
}

const CHOICES: Readonly<Record<keyof ProtoForms, readonly string[]>> = {
  fieldNames: ['proto', 'camel'],
  longs: ['string', 'number', 'bigint'],
  enums: ['name', 'number'],
};

/**
 * The form of a source's messages.
 *
 * @throws {ProtoError} for an unknown form.
 */
export function formsOf(source: Partial<ProtoForms>, strict: boolean): MessageForms {
  for (const [key, choices] of Object.entries(CHOICES) as Array<[keyof ProtoForms, readonly string[]]>) {
    const given: unknown = source[key];
    if (given === undefined || choices.includes(given as string)) continue;
    throw new ProtoError(`proto.${key} is one of ${choices.join(', ')}, not ${JSON.stringify(given)}`);
  }
  const { fieldNames, longs, enums } = { ...DEFAULT_FORMS, ...withoutAbsent(source) };
  return { fieldNames, longs, enums, strict };
}

function withoutAbsent(source: Partial<ProtoForms>): Partial<ProtoForms> {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined));
}
