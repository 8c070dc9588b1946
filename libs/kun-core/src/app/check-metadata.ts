import { ExplainedError } from '@kun/config';
import {
  INJECTABLE_WATERMARK,
  CONTROLLER_WATERMARK,
  MODULE_METADATA,
  PARAMTYPES_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/constants.js';
import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';

/** Nest cannot determine the dependencies of these classes because they were compiled without parameter types. */
export class MetadataError extends ExplainedError {
  override readonly name = 'MetadataError';

  constructor(
    /** The classes, in the order in which the modules list them. */
    readonly classes: readonly string[],
  ) {
    super(
      `${classes.join(', ')}: the constructor's parameter types are missing at run time, so nothing would be ` +
        'injected; compile with "emitDecoratorMetadata": true beside "experimentalDecorators" in tsconfig.json ' +
        '(swc: jsc.transform.decoratorMetadata; vitest: oxc.decorator.emitDecoratorMetadata; esbuild and tsx cannot), or ' +
        'give every parameter an @Inject(...)',
    );
  }
}

/**
 * Checks all controllers and providers before any is instantiated. A compiler that omits parameter types (esbuild
 * always, others depending on options) yields a service that starts, becomes ready, and has `undefined` where
 * dependencies should be.
 *
 * @throws {MetadataError} naming all of them.
 */
export async function checkMetadata(root: Type | DynamicModule): Promise<void> {
  const classes = await classesBelow(root, new Set());
  const lacking = [...classes].filter(lacksTypes).map(({ name }) => name);
  if (lacking.length > 0) throw new MetadataError(lacking);
}

type Imported =
  Type | DynamicModule | Promise<Type | DynamicModule> | ForwardReference<() => Type> | undefined;

async function classesBelow(imported: Imported, seen: Set<unknown>): Promise<Set<Type>> {
  const module = await imported;
  const classes = new Set<Type>();
  if (module === undefined || seen.has(module)) return classes;
  seen.add(module);
  if ('forwardRef' in module) return classesBelow(module.forwardRef(), seen);
  const parts = typeof module === 'function' ? partsOf(module) : module;
  for (const entry of [...(parts.providers ?? []), ...(parts.controllers ?? [])]) {
    const made: unknown = typeof entry === 'function' ? entry : Reflect.get(Object(entry), 'useClass');
    if (typeof made === 'function') classes.add(made as Type);
  }
  const below = [...(parts.imports ?? []), ...(typeof module === 'function' ? [] : [module.module])];
  for (const next of below)
    for (const found of await classesBelow(next as Imported, seen)) classes.add(found);
  return classes;
}

/** Returns what `@Module(...)` stored on the class. */
function partsOf(module: Type): Pick<DynamicModule, 'imports' | 'providers' | 'controllers'> {
  const read = (key: string) => Reflect.getMetadata(key, module) as never[] | undefined;
  return {
    imports: read(MODULE_METADATA.IMPORTS) ?? [],
    providers: read(MODULE_METADATA.PROVIDERS) ?? [],
    controllers: read(MODULE_METADATA.CONTROLLERS) ?? [],
  };
}

/** Whether the constructor in effect has a parameter with neither a type nor a token. */
function lacksTypes(made: Type): boolean {
  const owner = ownerOfConstructor(made);
  // An undecorated class, such as a library's, never has types; its parameters are supplied some other way.
  if (!owner || !isDecorated(owner) || Reflect.hasOwnMetadata(PARAMTYPES_METADATA, owner)) return false;
  const declared = (Reflect.getOwnMetadata(SELF_DECLARED_DEPS_METADATA, owner) ?? []) as ReadonlyArray<{
    readonly index: number;
  }>;
  const given = new Set(declared.map(({ index }) => index));
  // Parameters with a default are not part of `length` and need nothing.
  return Array.from({ length: owner.length }, (_, index) => index).some((index) => !given.has(index));
}

/** The class itself, or the ancestor whose constructor it inherits. */
function ownerOfConstructor(made: Type): Type | undefined {
  let current: unknown = made;
  while (typeof current === 'function' && current !== Function.prototype) {
    if (current.length > 0 || /\bconstructor\s*\(/.test(Function.prototype.toString.call(current))) {
      return current as Type;
    }
    current = Object.getPrototypeOf(current);
  }
  return undefined;
}

function isDecorated(made: Type): boolean {
  return (
    Reflect.hasOwnMetadata(INJECTABLE_WATERMARK, made) || Reflect.hasOwnMetadata(CONTROLLER_WATERMARK, made)
  );
}
