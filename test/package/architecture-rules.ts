import { basename } from 'node:path/posix';
import ts from 'typescript';
import {
  ARROW_EXCEPTIONS,
  CONFIG_TABLE,
  CREATE_TABLE,
  CYCLE_EXCEPTIONS,
  CORE_TABLE,
  folderOf,
  LENGTH_EXCEPTIONS,
  MAX_LINES,
  STATE_EXCEPTIONS,
  WIRE_TABLE,
  type ArrowException,
  type CycleException,
  type LengthException,
  type StateException,
} from './import-table.js';
import { eachNode, lineOf, type SourceFile } from './source-files.js';

/** Looks at all files and returns a line for each thing that is not as it should be. */
export type Rule = (files: readonly SourceFile[]) => string[];

const TABLE = { ...CORE_TABLE, ...CONFIG_TABLE, ...WIRE_TABLE, ...CREATE_TABLE };

/** No arrow that is neither in the table nor an exception, and no exception without an arrow. */
export function arrows(exceptions: readonly ArrowException[] = ARROW_EXCEPTIONS): Rule {
  return (files) => {
    const used = new Set<ArrowException>();
    const wrong = files.flatMap(({ path, imports }) => {
      const from = folderOf(path);
      if (from === undefined || isSpec(path)) return [];
      return imports.flatMap(({ file, line }) => {
        const to = file === undefined ? undefined : folderOf(file);
        if (to === undefined || to === from) return [];
        if (TABLE[from]?.includes(to)) return [];
        const exception = exceptions.find((entry) => entry.from === from && entry.to === to);
        if (!exception) return [`${path}:${line} ${from} must not import ${to}`];
        used.add(exception);
        return [];
      });
    });
    const unused = exceptions.filter((entry) => !used.has(entry));
    return [
      ...wrong,
      ...unused.map(({ from, to }) => `the exception ${from} → ${to} is not needed any more`),
    ];
  };
}

/** Packages meet by name, kun-config knows nothing of kun-core, and no source leaves its package. */
export const packages: Rule = (files) =>
  files.flatMap(({ path, imports }) => {
    const home = /^(?:libs|apps)\/[^/]+\//.exec(path)?.[0] ?? 'test/';
    const own = isSpec(path) || !path.startsWith(`${home}src/`) ? home : `${home}src/`;
    return imports.flatMap(({ specifier, file, line }) => {
      const at = `${path}:${line}`;
      if (file !== undefined && !file.startsWith(own)) return [`${at} leaves ${own} with ${specifier}`];
      if (
        /^@kun\/[^/]+\/(?!testing$|protobuf-es$|protovalidate$|proto-types$|package\.json$)/.test(specifier)
      )
        return [`${at} reaches into ${specifier}`];
      if (home === 'libs/kun-config/' && specifier.startsWith('@kun/core')) {
        return [`${at} kun-config must not import kun-core`];
      }
      if (home === 'libs/kun-wire/' && !isSpec(path) && /^@kun\/(?!wire$)/.test(specifier)) {
        return [`${at} kun-wire must not import ${specifier}`];
      }
      if (home === 'libs/kun-config/' && specifier.startsWith('@kun/wire')) {
        return [`${at} kun-config must not import kun-wire`];
      }
      return [];
    });
  });

/** What a call and its answer may know of grpc-js: metadata, statuses, and the forms that handlers are used to. */
const KNOWN_OF_GRPC_JS: ReadonlySet<string> = new Set([
  'Metadata',
  'status',
  'Deadline',
  'sendUnaryData',
  'ServiceDefinition',
  'UntypedServiceImplementation',
  'ServerInterceptingCallInterface',
  'ServerUnaryCall',
]);

/** What carries the server's calls is known to its engine alone. */
export const engines: Rule = (files) =>
  files.flatMap(({ path, text, imports }) => {
    if (isSpec(path)) return [];
    const core = /^libs\/kun-core\/src\/(.+)$/.exec(path)?.[1];
    if (core === undefined) return [];
    const above = /^server\/(?:call|answer)\//.test(core);
    const wrong = imports.flatMap(({ specifier, line }) => {
      const engine = specifier === '@kun/wire' ? core.startsWith('server/port/kun/') : !above;
      const wire = specifier === '@kun/wire' || specifier === 'node:http2';
      return wire && !engine ? [`${path}:${line} must not know of ${specifier}`] : [];
    });
    const names = above ? [...text.matchAll(/^import (?:type )?\{([^}]*)\} from '@grpc\/grpc-js';/gm)] : [];
    const unknown = names
      .flatMap(([, list = '']) => list.split(','))
      .map((name) => name.replace(/\btype\b| as .*/g, '').trim())
      .filter((name) => name !== '' && !KNOWN_OF_GRPC_JS.has(name));
    return [...wrong, ...unknown.map((name) => `${path} must not know of grpc-js' ${name}`)];
  });

/**
 * No cycles of files, type-only imports included: a type may become a value with one decorator. Exceptions are for
 * those, and each must be in use.
 */
export function cycles(exceptions: readonly CycleException[] = CYCLE_EXCEPTIONS): Rule {
  return (files) => {
    const known = new Map(files.map((file) => [file.path, file]));
    const used = new Set<CycleException>();
    const done = new Set<string>();
    const found: string[] = [];
    const targetsOf = (path: string): string[] =>
      (known.get(path)?.imports ?? []).flatMap(({ file, typeOnly }) => {
        const exception = exceptions.find(({ from, to }) => from === path && to === file);
        if (exception && typeOnly) used.add(exception);
        return file === undefined || (exception && typeOnly) ? [] : [file];
      });
    const walk = (path: string, trail: readonly string[]): void => {
      const start = trail.indexOf(path);
      if (start >= 0) {
        found.push(`cycle: ${[...trail.slice(start), path].join(' → ')}`);
        return;
      }
      if (done.has(path)) return;
      for (const target of targetsOf(path)) walk(target, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) walk(path, []);
    const unused = exceptions.filter((entry) => !used.has(entry));
    return [
      ...found,
      ...unused.map(({ from, to }) => `the exception ${from} → ${to} is not needed any more`),
    ];
  };
}

const FORBIDDEN_NAMES = /^(?:utils?|helpers?|common|interfaces?|misc|shared)$/;

/** Names that say nothing of what is inside. */
export const names: Rule = (files) =>
  files
    .filter(({ path }) => path.split(/[/.]/).some((part) => FORBIDDEN_NAMES.test(part)))
    .map(({ path }) => `${path} has a name that says nothing`);

/** What only tests use lies in a package's `test`, so that it is neither compiled nor published with `src`. */
export const fixtures: Rule = (files) =>
  files
    .filter(({ path }) => /\/src\/.*\.(?:fixture|mock|stub)s?\./.test(path))
    .map(({ path }) => `${path} belongs in the package's test/`);

/** Files that only pass on: a package's entries and no others. */
export const barrels: Rule = (files) =>
  files.flatMap(({ path, tree }) => {
    const entry = /^libs\/[^/]+\/src\/(?:(?:testing|protobuf-es|protovalidate)\/)?index\.ts$/.test(path);
    const passing = tree.statements.filter((node) => ts.isExportDeclaration(node) && node.moduleSpecifier);
    if (entry) {
      const rest = tree.statements.find((node) => !passing.includes(node));
      return rest ? [`${path}:${lineOf(tree, rest)} an entry only exports`] : [];
    }
    if (basename(path) === 'index.ts') return [`${path} is a barrel`];
    return passing.map((node) => `${path}:${lineOf(tree, node)} passes on another file's exports`);
  });

/** Types that switch the checker off, references that hide a cycle, and state of classes. */
export const code: Rule = (files) =>
  files.flatMap(({ path, tree }) => {
    const wrong: string[] = [];
    const blame = (node: ts.Node, what: string) => wrong.push(`${path}:${lineOf(tree, node)} ${what}`);
    eachNode(tree, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) blame(node, 'any');
      // Its property is how Nest marks such a reference: reading that is no use of it.
      if (
        ts.isIdentifier(node) &&
        node.text === 'forwardRef' &&
        !ts.isPropertyAccessExpression(node.parent)
      ) {
        blame(node, 'forwardRef');
      }
      if (ts.isPropertyDeclaration(node) && isMutableStatic(node)) blame(node, 'static mutable field');
    });
    return wrong;
  });

/** Variables of a module that change: two applications in one process would share them. */
export function moduleState(exceptions: readonly StateException[] = STATE_EXCEPTIONS): Rule {
  return (files) => {
    const used = new Set<StateException>();
    const wrong = files.flatMap(({ path, tree }) =>
      variables(tree).flatMap((node) => {
        const exception = exceptions.find(
          (entry) => entry.path === path && entry.name === node.name.getText(tree),
        );
        if (exception) used.add(exception);
        return exception ? [] : [`${path}:${lineOf(tree, node)} mutable variable of the module`];
      }),
    );
    const unused = exceptions.filter((entry) => !used.has(entry));
    return [
      ...wrong,
      ...unused.map(({ path, name }) => `the exception for ${name} of ${path} is not needed`),
    ];
  };
}

/** No file longer than the limit, but for the exceptions, which may not grow. */
export function lengths(exceptions: readonly LengthException[] = LENGTH_EXCEPTIONS): Rule {
  return (files) => {
    const linesOf = new Map(files.map(({ path, text }) => [path, text.trimEnd().split('\n').length]));
    const limit = (path: string) => exceptions.find((entry) => entry.path === path)?.lines ?? MAX_LINES;
    const long = [...linesOf].filter(([path, lines]) => lines > limit(path));
    const unused = exceptions.filter(({ path }) => (linesOf.get(path) ?? 0) <= MAX_LINES);
    return [
      ...long.map(([path, lines]) => `${path} has ${lines} lines, ${limit(path)} at most`),
      ...unused.map(({ path }) => `the exception for ${path} is not needed any more`),
    ];
  };
}

function variables(tree: ts.SourceFile): ts.VariableDeclaration[] {
  return tree.statements
    .filter((node) => ts.isVariableStatement(node))
    .filter(({ declarationList }) => !(declarationList.flags & ts.NodeFlags.Const))
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
}

function isSpec(path: string): boolean {
  return path.endsWith('.spec.ts');
}

/** `static x`, and `static readonly x` of something that can be changed. */
function isMutableStatic(node: ts.PropertyDeclaration): boolean {
  const has = (kind: ts.SyntaxKind) => node.modifiers?.some((modifier) => modifier.kind === kind) ?? false;
  if (!has(ts.SyntaxKind.StaticKeyword)) return false;
  if (!has(ts.SyntaxKind.ReadonlyKeyword)) return true;
  const { initializer } = node;
  return (
    initializer !== undefined &&
    (ts.isNewExpression(initializer) ||
      ts.isArrayLiteralExpression(initializer) ||
      ts.isObjectLiteralExpression(initializer))
  );
}
