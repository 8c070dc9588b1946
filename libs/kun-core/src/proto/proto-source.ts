/** Proto files and what of them is served. */
export interface ProtoSource {
  /**
   * The proto package whose services are served, as `acme.cache.v1`; `''` for files that name none. Default: whatever the
   * files of `path` say.
   */
  readonly package?: string;
  /** The `.proto` file or files; relative paths count from the application's base directory. */
  readonly path: string | readonly string[];
  /** Where imports are looked for besides the files' own directories; relative as `path` is. Default: none. */
  readonly includeDirs?: readonly string[];
  /**
   * The services to serve, with or without their package: also of imported files, which are not served unless named here.
   * Default: all of the package that the files of `path` declare.
   */
  readonly services?: readonly string[];
}

/** A proto could not be read, or has not what it should have. */
export class ProtoError extends Error {
  override readonly name = 'ProtoError';
}

/** The files of a source, for messages. */
export function pathsOf({ path }: Pick<ProtoSource, 'path'>): readonly string[] {
  return typeof path === 'string' ? [path] : path;
}
