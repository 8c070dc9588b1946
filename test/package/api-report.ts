import { join } from 'node:path';
import ts from 'typescript';
import { PACKAGES, readManifest, ROOT } from './published.js';

/** What a package can be imported by: `@kun/core`, `@kun/core/testing`. */
export interface Entry {
  readonly specifier: string;
  /** Its declarations, as they were built. */
  readonly declarations: string;
}

/** Every entry of a published package that has declarations of its own. */
export const ENTRIES: readonly Entry[] = PACKAGES.flatMap((folder) => {
  const { name, exports } = readManifest(folder);
  return Object.entries(exports).flatMap(([path, target]) => {
    const types = typeof target === 'string' ? '' : (target['types'] ?? '');
    if (!types.startsWith('./dist/')) return [];
    return [{ specifier: join(name, path), declarations: join(ROOT, 'libs', folder, types) }];
  });
});

/** A name that an entry exports. */
export interface ExportedName {
  readonly name: string;
  /** Whether it is there at run time, too. */
  readonly isValue: boolean;
  /** Its declaration without comments and private members. */
  readonly declaration: string;
}

/** What a user of an entry sees of it. */
export interface ApiReport {
  readonly names: readonly ExportedName[];
  /**
   * Names of ours that stand in the declaration of an exported one and that no entry exports, as `Name (file), in Exported`:
   * nobody could write down such a type.
   */
  readonly missing: readonly string[];
}

/** Reads entries in one go; each may use the names of all of them. */
export function apiReports(declarations: readonly string[]): readonly ApiReport[] {
  const program = ts.createProgram(declarations, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const entries = declarations.map((file) => exportsOf(program, checker, file));
  const known = new Set(entries.flatMap((names) => names.map(([, symbol]) => symbol)));
  return entries.map((names) => ({
    names: names.map(([name, symbol, isValue]) => ({
      name,
      isValue,
      declaration: printed(name, symbol, isValue),
    })),
    missing: missing(checker, names, known),
  }));
}

/**
 * A program that imports every name of {@link ENTRIES}, and exports values and functions anew, which needs a name for each
 * type in them.
 */
export function everyName(reports: readonly ApiReport[]): string {
  return reports
    .map(({ names }, index) => everyNameOf(ENTRIES[index]?.specifier ?? '', names, index))
    .join('\n');
}

function everyNameOf(specifier: string, names: readonly ExportedName[], index: number): string {
  const imports = names.map(({ name, isValue }) => `${isValue ? '' : 'type '}${name} as ${name}${index}`);
  const passedOn = names
    .filter(({ isValue }) => isValue)
    .map(({ name }) => `export const passed${name}${index} = ${name}${index};`);
  const types = names.filter(({ isValue }) => !isValue).map(({ name }) => `${name}${index}`);
  return [
    `import { ${imports.join(', ')} } from '${specifier}';`,
    ...passedOn,
    `export type { ${types.join(', ')} };`,
  ].join('\n');
}

type Named = readonly [name: string, symbol: ts.Symbol, isValue: boolean];

function exportsOf(program: ts.Program, checker: ts.TypeChecker, file: string): readonly Named[] {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} exports nothing: is it built? npm run build:libs`);
  const names = checker.getExportsOfModule(module).map((symbol): Named => {
    const resolved = resolve(checker, symbol);
    const typeOnly = symbol.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false;
    return [symbol.name, resolved, !typeOnly && (resolved.flags & ts.SymbolFlags.Value) !== 0];
  });
  return names.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function missing(checker: ts.TypeChecker, names: readonly Named[], known: ReadonlySet<ts.Symbol>): string[] {
  const found = new Map<ts.Symbol, string>();
  for (const [name, symbol] of names) {
    for (const used of namesIn(checker, symbol)) {
      // A value without a name of its own is named by its type.
      const isType = (used.flags & (ts.SymbolFlags.Type | ts.SymbolFlags.Namespace)) !== 0;
      const file = !isType || known.has(used) || found.has(used) ? undefined : ownFile(used);
      if (file !== undefined) found.set(used, `${used.name} (${file}), in ${name}`);
    }
  }
  return [...found.values()].toSorted();
}

function resolve(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The file of a name that one of our packages declares at the top of a file. */
function ownFile(symbol: ts.Symbol): string | undefined {
  const declaration = symbol.declarations?.[0];
  if (!declaration || ts.isSourceFile(declaration)) return undefined;
  const top = ts.isVariableDeclaration(declaration) ? declaration.parent.parent.parent : declaration.parent;
  const { fileName } = declaration.getSourceFile();
  return ts.isSourceFile(top) ? /\/libs\/([^/]+\/dist\/.+)$/.exec(fileName)?.[1] : undefined;
}

/** The names that the declarations of one mention; those of other packages are left at their name. */
function namesIn(checker: ts.TypeChecker, symbol: ts.Symbol): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (isHidden(node)) return;
    if (ts.isIdentifier(node)) {
      const used = checker.getSymbolAtLocation(node);
      if (used) found.add(resolve(checker, used));
    }
    ts.forEachChild(node, visit);
  };
  if (ownFile(symbol) !== undefined) symbol.declarations?.forEach(visit);
  found.delete(symbol);
  return found;
}

function isHidden(node: ts.Node): boolean {
  if (!ts.isClassElement(node) && !ts.isParameter(node)) return false;
  if (node.name && ts.isPrivateIdentifier(node.name)) return true;
  return ts.canHaveModifiers(node) && hasPrivate(ts.getModifiers(node));
}

function hasPrivate(modifiers: readonly ts.Modifier[] | undefined): boolean {
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ?? false;
}

const printer = ts.createPrinter({ removeComments: true });

function printed(name: string, symbol: ts.Symbol, isValue: boolean): string {
  const declarations = symbol.declarations ?? [];
  const { fileName = '' } = declarations[0]?.getSourceFile() ?? {};
  const elsewhere = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(fileName);
  if (elsewhere) return `export { ${symbol.name} as ${name} } from '${elsewhere[1]}';`;
  const notes = [
    symbol.name === name ? [] : `// as ${name}`,
    !isValue && (symbol.flags & ts.SymbolFlags.Value) !== 0 ? '// as a type only' : [],
  ].flat();
  return [...notes, ...declarations.map(printNode)].join('\n');
}

function printNode(declaration: ts.Declaration): string {
  // Types of variables are the compiler's words, all others are as they were written.
  const inferred = ts.isVariableDeclaration(declaration);
  const statement = inferred ? declaration.parent.parent : declaration;
  const { transformed } = ts.transform(statement, inferred ? [withoutHidden, inOrder] : [withoutHidden]);
  const [node = statement] = transformed;
  return printer.printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile());
}

/** Takes out private members, which are in declarations for the sake of assignability. */
function withoutHidden(context: ts.TransformationContext): ts.Transformer<ts.Node> {
  const visit = (node: ts.Node): ts.Node | undefined =>
    ts.isClassElement(node) && isHidden(node) ? undefined : ts.visitEachChild(node, visit, context);
  return (root) => ts.visitEachChild(root, visit, context);
}

/** Brings choices of texts into one order: the compiler's depends on which files it has looked at before. */
function inOrder(context: ts.TransformationContext): ts.Transformer<ts.Node> {
  const visit = (node: ts.Node): ts.Node => {
    const visited = ts.visitEachChild(node, visit, context);
    if (ts.isUnionTypeNode(visited) && visited.types.every(isPlain)) {
      return context.factory.createUnionTypeNode(sorted(visited.types));
    }
    // As zod names the choices of an enum.
    if (ts.isTypeLiteralNode(visited) && visited.members.every(isChoice)) {
      return context.factory.createTypeLiteralNode(sorted(visited.members));
    }
    return visited;
  };
  return (root) => ts.visitEachChild(root, visit, context);
}

/** One of a few words: `'yes'`, `undefined`. */
function isPlain(node: ts.TypeNode): boolean {
  return ts.isLiteralTypeNode(node) || ts.isToken(node);
}

function isText(node: ts.TypeNode): boolean {
  return ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal);
}

function isChoice(node: ts.TypeElement): boolean {
  return ts.isPropertySignature(node) && node.type !== undefined && isText(node.type);
}

function sorted<T extends ts.Node>(nodes: readonly T[]): T[] {
  return nodes.toSorted((a, b) => (a.getText() < b.getText() ? -1 : 1));
}
