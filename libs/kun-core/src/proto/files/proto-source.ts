import { ExplainedError } from '@kun/config';
import { DEFAULT_FORMS, type MessageForms, type ProtoForms } from '../values/message-forms.js';

/** Proto files, what of them is served, and how their messages look. */
export interface ProtoSource extends Partial<ProtoForms> {
  /**
   * The proto package whose services are served, as `acme.cache.v1`; `''` for files that name none. Default: whatever the
   * files of `path` say.
   */
  readonly package?: string;
  /** The `.proto` file or files; relative paths count from the application's base directory, or from an include directory. */
  readonly path: string | readonly string[];
  /** Where imports are looked for besides the files' own directories; relative as `path` is. Default: none. */
  readonly includeDirs?: readonly string[];
  /**
   * The services to serve, with or without their package: also of imported files, which are not served unless named here.
   * Default: all of the package that the files of `path` declare.
   */
  readonly services?: readonly string[];
}

/** A proto could not be read, or lacks something. */
export class ProtoError extends ExplainedError {
  override readonly name = 'ProtoError';
}

/** The files of a source, for messages. */
export function pathsOf({ path }: Pick<ProtoSource, 'path'>): readonly string[] {
  return typeof path === 'string' ? [path] : path;
}

const CHOICES: Readonly<Record<keyof ProtoForms, readonly string[]>> = {
  fieldNames: ['proto', 'camel'],
  longs: ['string', 'number', 'bigint'],
  enums: ['name', 'number'],
};

/**
 * How the messages of a source look.
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
