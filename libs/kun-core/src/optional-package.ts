import { ExplainedError } from '@kun/config';
/** A setting requires a package that is not installed. */
export class MissingPackageError extends ExplainedError {
  override readonly name = 'MissingPackageError';

  constructor(
    /** The packages that the setting requires. */
    readonly packages: readonly string[],
    /** The setting, as written in the configuration. */
    readonly setting: string,
    options?: ErrorOptions,
  ) {
    const [noun, verb] = packages.length === 1 ? ['package', 'is'] : ['packages', 'are'];
    super(
      `${setting} needs the ${noun} ${packages.join(', ')}, which ${verb} not installed; ` +
        `run "npm install ${packages.join(' ')}" or change the setting`,
      options,
    );
  }
}

/**
 * Loads an optional peer dependency when the configuration asks for it.
 *
 * @throws {MissingPackageError} when it, or one of `packages`, is not installed.
 */
export async function importOptionalPackage<T>(
  load: () => Promise<T>,
  packages: readonly string[],
  setting: string,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (isNotFound(error)) throw new MissingPackageError(packages, setting, { cause: error });
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
