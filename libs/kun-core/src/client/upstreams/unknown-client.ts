import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { nearest } from '@kun/config';
import { clientNameOf } from './inject-client.js';
import { UPSTREAM_OPTIONS, UpstreamError, type UpstreamOptions } from './upstream-options.js';

/**
 * Turns Nest's "can't resolve dependencies" error into an {@link UpstreamError} if the missing dependency is the client
 * of an upstream; it names the class that asks for it and a likely upstream. Any other error is returned unchanged.
 */
export function explainUnknownClient(error: unknown, root: Type | DynamicModule): unknown {
  const { type, context } = (error ?? {}) as Partial<UnknownDependency>;
  const asked = clientNameOf(context?.name);
  if (asked === undefined) return error;
  const who = typeof type === 'function' ? type.name : String(type);
  const names = registeredIn(root, new Set());
  const near = nearest(asked, names);
  const what = names.includes(asked)
    ? `whose KunClientModule.register(...) is not among the imports of its module`
    : 'which no KunClientModule.register(...) names';
  const remedy = near === undefined || near === asked ? known(names) : `; did you mean "${near}"?`;
  return new UpstreamError(`${who} asks for the upstream "${asked}", ${what}${remedy}`, { cause: error });
}

/** The properties of Nest's UnknownDependenciesException that are used. */
interface UnknownDependency {
  readonly type: unknown;
  readonly context: { readonly name?: unknown } | undefined;
}

type Imported = Type | DynamicModule | ForwardReference<() => Type> | Promise<DynamicModule>;

/**
 * The upstreams that the modules register, read from their metadata because Nest failed before it instantiated them.
 */
function registeredIn(module: Imported, seen: Set<unknown>): string[] {
  // Circular and lazy imports are skipped: this only serves to suggest a name.
  if (seen.has(module) || module instanceof Promise || 'forwardRef' in module) return [];
  seen.add(module);
  if (typeof module === 'function') {
    return importsOf(module).flatMap((imported) => registeredIn(imported, seen));
  }
  const own = (module.providers ?? []).flatMap((provider) =>
    'provide' in provider && provider.provide === UPSTREAM_OPTIONS && 'useValue' in provider
      ? (provider.useValue as readonly UpstreamOptions[]).map(({ name }) => name)
      : [],
  );
  const imports = [module.module, ...((module.imports ?? []) as Imported[])];
  return [...own, ...imports.flatMap((imported) => registeredIn(imported, seen))];
}

/** What `@Module({ imports })` stored on the class. */
function importsOf(module: Type): readonly Imported[] {
  return (Reflect.getMetadata('imports', module) as readonly Imported[] | undefined) ?? [];
}

function known(names: readonly string[]): string {
  return names.length === 0 ? '' : `; registered are ${names.join(', ')}`;
}
