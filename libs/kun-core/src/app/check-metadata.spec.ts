import { compileFunction } from 'node:vm';
import { Controller, Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { checkMetadata, MetadataError } from './check-metadata.js';

/** Classes as a compiler leaves them, with the types of their parameters or without. */
async function compiled(source: string, emitDecoratorMetadata: boolean): Promise<Record<string, never>> {
  const { outputText } = ts.transpileModule(`return (() => { ${source} })();`, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, experimentalDecorators: true, emitDecoratorMetadata },
  });
  const body = outputText.slice(outputText.indexOf('return (() =>'));
  const helpers = outputText.slice(0, outputText.indexOf('return (() =>'));
  const make = compileFunction(helpers + body, ['Injectable', 'Controller', 'Inject', 'Module']) as (
    ...decorators: unknown[]
  ) => Record<string, never>;
  return make(Injectable, Controller, Inject, Module);
}

const LACKING = `
  class Plain { constructor(readonly a) {} }
  class A {}
  @Injectable() class Needs { constructor(readonly a: A) {} }
  @Controller() class Half { constructor(@Inject('b') readonly b: string, readonly a: A) {} }
  @Injectable() class Inherits extends Needs {}
  @Injectable() class Given { constructor(@Inject('a') readonly a: A, @Inject('b') readonly b: string) {} }
  @Injectable() class Defaults { constructor(readonly limit = 5, ...rest: A[]) {} }
  @Injectable() class OwnConstructor extends Needs { constructor() { super(new A()); } }
  @Injectable() class OfLibrary extends Plain {}
  @Module({ providers: [Needs, { provide: 'x', useClass: Inherits }], controllers: [Half] }) class Inner {}
  @Module({ imports: [{ module: Inner, providers: [Given] }], providers: [Plain, Defaults, OwnConstructor, OfLibrary] })
  class Root {}
  return { Root };`;

describe('checkMetadata', () => {
  it('names every class whose parameters have lost their types, wherever the modules name it', async () => {
    const { Root } = await compiled(LACKING, false);
    const error: unknown = await checkMetadata(Root!).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MetadataError);
    expect((error as MetadataError).classes.toSorted()).toEqual(['Half', 'Inherits', 'Needs']);
    expect((error as MetadataError).message).toContain('"emitDecoratorMetadata": true');
  });

  it('finds nothing in the same classes compiled with their types', async () => {
    const { Root } = await compiled(LACKING, true);
    await expect(checkMetadata(Root!)).resolves.toBeUndefined();
  });

  it('looks behind promises and references, and does not go in circles', async () => {
    const { Root } = await compiled(LACKING, false);
    const circular: DynamicModule = { module: class Circular {}, imports: [] };
    circular.imports?.push(circular, Promise.resolve({ module: class Late {}, imports: [Root!] }));
    await expect(checkMetadata(circular)).rejects.toThrow(MetadataError);
  });
});
