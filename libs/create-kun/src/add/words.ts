import { UsageError } from '../terminal.js';

/** `ListThings`, the form of RPCs and configuration sections. */
export function pascal(text: string): string {
  return wordsOf(text)
    .map((word) => word[0]?.toUpperCase() + word.slice(1))
    .join('');
}

/** `listThings` */
export function camel(text: string): string {
  const joined = pascal(text);
  return joined.slice(0, 1).toLowerCase() + joined.slice(1);
}

/** `list-things`, the form of file names. */
export function kebab(text: string): string {
  return wordsOf(text)
    .map((word) => word.toLowerCase())
    .join('-');
}

/** @throws {UsageError} when it cannot become a TypeScript name; `what` says what it names. */
export function checkWord(text: string, what: string): void {
  if (/^[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*$/.test(text) && !RESERVED.has(camel(text))) return;
  throw new UsageError(
    `${JSON.stringify(text)} cannot be the name of ${what}: letters and digits, words with "-" between`,
  );
}

/** Names that classes or objects already have, and TypeScript's reserved words. */
const RESERVED: ReadonlySet<string> = new Set(
  'constructor prototype then default class function new delete import export return toString'.split(' '),
);

function wordsOf(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .split(/[-_]/)
    .filter((word) => word !== '');
}
