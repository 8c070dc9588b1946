import { basename } from 'node:path/posix';
import ts from 'typescript';
import type { Rule } from './architecture-rules.js';

/** A file whose name is a plain word for the several things that it exports. Each must be in use. */
export const PLAIN_NAMES: ReadonlySet<string> = new Set([
  'libs/create-kun/src/add/list-lines.ts',
  'libs/kun-core/src/admin/answers/process.ts',
  'libs/kun-core/src/app/phases/resources.ts',
  'libs/kun-core/src/proto/codec/times.ts',
  'libs/kun-core/src/proto/files/plumbing-protos.ts',
  'libs/kun-core/src/proto/values/long-values.ts',
  'libs/kun-core/src/proto/values/text.ts',
  'libs/kun-core/src/settings/values.ts',
  'libs/kun-core/src/status/factories.ts',
  'libs/kun-core/src/status/thrown/nest-error.ts',
  'libs/kun-core/src/wiring/tokens.ts',
]);

/** Declarations that go with what a file is about, and name it only where nothing else is exported. */
const BESIDE = /(?:Options|Parts|Error)$|^[A-Z][A-Z_\d]*$/;

/**
 * A file is called after what it exports: its words are those of an export, or an export's are among its own. Where it
 * has several exports it is enough that one has a word of its name.
 */
export function fileNames(plain: ReadonlySet<string> = PLAIN_NAMES): Rule {
  return (files) => {
    const used = new Set<string>();
    const wrong = files.flatMap(({ path, tree }) => {
      const name = basename(path).replace(/\.tsx?$/, '');
      const all = exportedNames(tree);
      if (name === 'index' || all.length === 0) return [];
      const main = all.filter((exported) => !BESIDE.test(exported));
      const isSingle = (main.length > 0 ? main : all).length === 1;
      const own = wordsOf(name);
      const fits = all.map(wordsOf).some((words) => {
        const both = words.filter((word) => own.includes(word)).length;
        return isSingle ? both === Math.min(words.length, own.length) : both > 0;
      });
      if (fits) return [];
      used.add(path);
      return plain.has(path) ? [] : [`${path} is not called after ${all.join(', ')}`];
    });
    const unused = [...plain].filter((path) => !used.has(path));
    return [...wrong, ...unused.map((path) => `the exception for ${path} is not needed any more`)];
  };
}

/**
 * Two types, or two functions, of a package that are easily taken for each other: `CallStream` and `StreamCall`,
 * `HandledCall` and `HandlerCall`. One and several of a thing are `Call` and `Calls`.
 */
export const confusableNames: Rule = (files) => {
  const seen = new Map<string, string>();
  return files.flatMap(({ path, tree }) =>
    tree.statements.filter(isExported).flatMap((node) => {
      if (ts.isVariableStatement(node)) return [];
      const kind = ts.isFunctionDeclaration(node) ? 'function' : 'type';
      return namesOf(node).flatMap((name) => {
        const plain = singularsOf(name);
        const found = [wordsOf(name), plain.toSorted()].flatMap((words, index) => {
          const key = [...path.split('/', 2), kind, index, ...words].join(' ');
          const other = seen.get(key);
          if (other === undefined) seen.set(key, name);
          return other === undefined || singularsOf(other).join() === plain.join() ? [] : [other];
        });
        return found.map((other) => `${path} ${name} is easily taken for ${other}`);
      });
    }),
  );
};

function exportedNames({ statements }: ts.SourceFile): string[] {
  return [...new Set(statements.filter(isExported).flatMap(namesOf))];
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false)
  );
}

function namesOf(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  const { name } = node as ts.Statement & { readonly name?: ts.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

/** `handled`, `handler`, `handles` are one word, and `log` and `logger`; a header has no more to do with a head. */
function wordsOf(name: string): string[] {
  return singularsOf(name).map((word) =>
    word.replace(/^(?!header$)(.{3,}?)(?:ed|er|ing|e|or)$/, '$1').replace(/([^s])\1$/, '$1'),
  );
}

function singularsOf(name: string): string[] {
  return name
    .replace(/([a-z\d])([A-Z])|(\D)(?=\d)/g, '$1$3-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_.]/)
    .map((word) => word.replace(/ies$/, 'y').replace(/(?<!s)s$/, ''));
}
