import ts from 'typescript';
import type { Rule } from './architecture-rules.js';
import { eachNode, lineOf } from './source-files.js';

/** A file that is right in what others may not, and why. */
export interface DialectException {
  readonly path: string;
  readonly reason: string;
}

/** What is behind these must not come out when somebody prints, copies or compares the object. */
const HIDES = 'what it holds must not be found by looking at the object';
/** A library's class is extended and handed to users: a later version may have a member of any name. */
const EXTENDS = "users get the object, which has all names of a library's class";

/** Each must be in use. */
export const HASH_FILES: readonly DialectException[] = [
  { path: 'libs/kun-config/src/secret.ts', reason: HIDES },
  { path: 'libs/kun-config/src/live/configuration.ts', reason: HIDES },
  { path: 'libs/kun-config/src/nest/config-section.ts', reason: HIDES },
  { path: 'libs/kun-config/src/nest/layered-config-service.ts', reason: HIDES },
  { path: 'libs/kun-core/src/tls/certificate-store.ts', reason: HIDES },
  { path: 'libs/kun-core/src/tls/tls-channel-credentials.ts', reason: HIDES },
  { path: 'libs/kun-core/src/tls/server-tls.ts', reason: HIDES },
  { path: 'libs/kun-core/src/server/call/handler-surface.ts', reason: EXTENDS },
  { path: 'libs/kun-core/src/server/answer/handler-stream.ts', reason: EXTENDS },
  { path: 'libs/kun-core/src/server/answer/request-stream.ts', reason: EXTENDS },
  { path: 'libs/kun-core/src/proto/codec/misfits.spec.ts', reason: 'tries a message whose class has one' },
];

/** A member is `private`, and by `#` where it has to be. */
export function privateMembers(exceptions: readonly DialectException[] = HASH_FILES): Rule {
  return (files) => {
    const used = new Set<DialectException>();
    const wrong = files.flatMap(({ path, tree }) => {
      const hashes: ts.Node[] = [];
      const privates: ts.Node[] = [];
      eachNode(tree, (node) => {
        if (ts.isClassElement(node) && node.name && ts.isPrivateIdentifier(node.name)) hashes.push(node);
        // A constructor and its parameters can be private in one way only.
        const both = ts.isPropertyDeclaration(node) || ts.isMethodDeclaration(node) || ts.isAccessor(node);
        if (both && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))
          privates.push(node);
      });
      const exception = exceptions.find((entry) => entry.path === path);
      if (!exception) return hashes.map((node) => `${path}:${lineOf(tree, node)} is private by #`);
      if (hashes.length > 0) used.add(exception);
      return privates.map((node) => `${path}:${lineOf(tree, node)} is private, others there by #`);
    });
    const unused = exceptions.filter((entry) => !used.has(entry));
    return [...wrong, ...unused.map(({ path }) => `the exception for ${path} is not needed any more`)];
  };
}

const THROWS = /^\{[A-Z][^{}]*\} (?:when|for|with|naming|saying|listing) (?!.*; \{).*\.$/;

/** One error a tag, and when it is thrown, or what it says. */
export const throwsTags: Rule = (files) =>
  files.flatMap(({ path, text }) => {
    const tags = [...text.matchAll(/^ *(?:\/\*\*| \*) +@throws\b([^]*?)(?=\*\/|\n *\* *(?:@|\n))/gm)];
    return tags.flatMap(({ index, 1: tag = '' }) => {
      const said = tag.replace(/\s*\n\s*\*\s*/g, ' ').trim();
      const line = text.slice(0, index).split('\n').length;
      return THROWS.test(said) || said.startsWith('{unknown} when')
        ? []
        : [`${path}:${line} @throws ${said}`];
    });
  });

const ORIGINS = ['Node', 'a package', 'a file'] as const;

/** Node's modules come first, then packages, those of this repository among them, then files. */
export const importOrder: Rule = (files) =>
  files.flatMap(({ path, tree }) => {
    let last = 0;
    return tree.statements.filter(ts.isImportDeclaration).flatMap((node) => {
      const { text } = node.moduleSpecifier as ts.StringLiteral;
      const origin = text.startsWith('node:') ? 0 : text.startsWith('.') ? 2 : 1;
      const late = origin < last;
      last = Math.max(last, origin);
      return late ? [`${path}:${lineOf(tree, node)} ${text} comes after ${ORIGINS[last] ?? ''}`] : [];
    });
  });

/** What is thrown is known by its name. */
export const errorNames: Rule = (files) =>
  files.flatMap(({ path, tree }) => {
    const wrong: string[] = [];
    eachNode(tree, (node) => {
      if (!ts.isClassDeclaration(node) || !node.name || node.name.text.endsWith('Error')) return;
      const parent = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
        ?.types[0];
      if (parent?.expression.getText(tree).endsWith('Error'))
        wrong.push(`${path}:${lineOf(tree, node)} ${node.name.text} is an error by another name`);
    });
    return wrong;
  });

/** What somebody was given to work with is not theirs to change. */
export const readonlyOptions: Rule = (files) =>
  files.flatMap(({ path, tree }) => {
    const wrong: string[] = [];
    eachNode(tree, (node) => {
      if (!ts.isInterfaceDeclaration(node) || !/(?:Options|Parts)$/.test(node.name.text)) return;
      for (const member of node.members.filter(ts.isPropertySignature)) {
        if (!member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword))
          wrong.push(`${path}:${lineOf(tree, member)} ${node.name.text} can be changed by whoever gets it`);
      }
    });
    return wrong;
  });
