import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { PACKAGES, readManifest, ROOT } from './published.js';

const ENTRIES = PACKAGES.flatMap((name) =>
  Object.values(readManifest(name).exports).flatMap((target) => {
    const file = typeof target === 'string' ? '' : (target['types'] ?? '');
    return file.startsWith('./dist/') ? [join('libs', name, file)] : [];
  }),
);

/** Exported names of ours, each with its documentation as an editor shows it. */
function exportsOf(entry: string): Map<string, string> {
  const program = ts.createProgram([join(ROOT, entry)], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(ROOT, entry));
  const module = source && checker.getSymbolAtLocation(source);
  const found = new Map<string, string>();
  for (const exported of module ? checker.getExportsOfModule(module) : []) {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
    if (file.includes('/node_modules/')) continue;
    found.set(exported.name, ts.displayPartsToString(symbol.getDocumentationComment(checker)));
  }
  return found;
}

describe.each(ENTRIES)('%s', (entry) => {
  it('says of every name that it exports what it is', { timeout: 60_000 }, () => {
    const documented = exportsOf(entry);
    expect(documented.size).toBeGreaterThan(/\/(?:protobuf-es|protovalidate)\//.test(entry) ? 1 : 5);
    expect([...documented].filter(([, doc]) => doc === '').map(([name]) => name)).toEqual([]);
  });
});
