import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import ts from 'typescript';

/** One import, export-from, dynamic import or import type. */
export interface SourceImport {
  /** As it is written. */
  readonly specifier: string;
  /** The path of the TypeScript file behind a relative specifier, from the repository's root. */
  readonly file: string | undefined;
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** A TypeScript file, read but not type-checked. */
export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly SourceImport[];
}

/** Every file that the patterns match, of the working tree. */
export function readSources(root: string, patterns: readonly string[]): SourceFile[] {
  const paths = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !path.split('/').includes('node_modules'));
  return paths.toSorted().map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Reads one file from text. */
export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: SourceImport[] = [];
  eachNode(tree, (node) => {
    const found = importOf(node);
    if (!found) return;
    const { specifier } = found;
    const file = specifier.startsWith('.')
      ? join(dirname(path), specifier).replace(/\.js$/, '.ts')
      : undefined;
    imports.push({ ...found, file, line: lineOf(tree, node) });
  });
  return { path, text, tree, imports };
}

/** Calls `visit` with every node below the given one. */
export function eachNode(node: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(node, (child) => {
    visit(child);
    eachNode(child, visit);
  });
}

/** The line of a node, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

function importOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: isTypeImport(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: isTypeExport(node) };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { specifier: textOf(node.argument.literal), typeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument && ts.isStringLiteralLike(argument)) return { specifier: argument.text, typeOnly: false };
  }
  return undefined;
}

/** `import type …` or `import { type A, type B }`. */
function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  if (clause.name || !names || !ts.isNamedImports(names) || names.elements.length === 0) return false;
  return names.elements.every((element) => element.isTypeOnly);
}

function isTypeExport(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true;
  const clause = node.exportClause;
  if (!clause || !ts.isNamedExports(clause) || clause.elements.length === 0) return false;
  return clause.elements.every((element) => element.isTypeOnly);
}

function textOf(literal: ts.Node): string {
  return ts.isStringLiteral(literal) ? literal.text : '';
}
