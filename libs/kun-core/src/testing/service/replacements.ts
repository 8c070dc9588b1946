import type { ClassProvider, DynamicModule, FactoryProvider, ValueProvider } from '@nestjs/common';
import { importOptionalPackage } from '../../optional-package.js';
import { TestServiceError, type CompiledModule } from './testing-application.js';

/** A replacement for a provider: a value, a class, or a factory. */
export type Replacement = ValueProvider | ClassProvider | FactoryProvider;

/**
 * Compiles a module with Nest's own testing package, the only one that can replace providers.
 *
 * @throws {TestServiceError} when a replacement replaces nothing.
 * @throws {MissingPackageError} when `@nestjs/testing` is not installed.
 */
export async function compileWith(
  root: DynamicModule,
  replacements: readonly Replacement[],
): Promise<CompiledModule> {
  const { Test } = await importOptionalPackage(
    () => import('@nestjs/testing'),
    ['@nestjs/testing'],
    'the option replace of startTestService',
  );
  const builder = Test.createTestingModule({ imports: [root] });
  for (const replacement of replacements) {
    const override = builder.overrideProvider(replacement.provide);
    if ('useValue' in replacement) override.useValue(replacement.useValue);
    else if ('useClass' in replacement) override.useClass(replacement.useClass);
    else override.useFactory({ factory: replacement.useFactory, inject: replacement.inject ?? [] });
  }
  const module = await builder.compile();
  const lost = replacements.filter(({ provide }) => !isProvided(module, provide));
  if (lost.length === 0) return module;
  await module.close();
  const names = lost.map(({ provide }) => (typeof provide === 'function' ? provide.name : String(provide)));
  throw new TestServiceError(
    `no provider for ${names.join(', ')}, so there is nothing to replace; check the token, and that its module is imported`,
  );
}

function isProvided(module: CompiledModule, token: unknown): boolean {
  try {
    module.get(token, { strict: false });
    return true;
  } catch (error) {
    // Scoped providers exist, but cannot be resolved without a request.
    return error instanceof Error && error.constructor.name === 'InvalidClassScopeException';
  }
}
