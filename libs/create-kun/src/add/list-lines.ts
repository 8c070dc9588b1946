import { ScaffoldError } from '../terminal.js';
import { appended, lineEnd } from './proto-outline.js';

/**
 * Adds an export to a file that consists only of re-exports.
 *
 * @throws {ScaffoldError} when the file is not such a list, or already has the name.
 */
export function withExport(text: string, file: string, name: string, from: string): string {
  const line = `export { ${name} } from '${from}';`;
  const code = withoutComments(text);
  if (mentions(text, name)) throw new ScaffoldError(`${file} has ${name} already`);
  if (/\S/.test(code.replaceAll(/export \{[^}]*\} from (?:'[^']*'|"[^"]*");?/g, ''))) {
    throw new ScaffoldError(`${file} is not a list of exports any more; add this to it by hand: ${line}`);
  }
  return appended(text, `${line}\n`);
}

/**
 * Adds an entry to a list, above the comment that marks its end: `// create-kun: upstreams`.
 *
 * @throws {ScaffoldError} when the comment is missing, or occurs twice.
 */
export function withEntry(text: string, file: string, mark: string, entry: string): string {
  const lines = text.split('\n');
  const marks = lines.flatMap((line, index) => (line.trim() === `// create-kun: ${mark}` ? [index] : []));
  const [at] = marks;
  if (at === undefined || marks.length > 1) {
    const found = at === undefined ? 'is not there' : 'is there more than once';
    throw new ScaffoldError(
      `in ${file} the line "// create-kun: ${mark}" ${found}; put it at the end of the list, or add this by hand: ${entry}`,
    );
  }
  const [indent = ''] = /^\s*/.exec(lines[at] ?? '') ?? [];
  return lines.toSpliced(at, 0, `${indent}${entry}${lineEnd(text) === '\r\n' ? '\r' : ''}`).join('\n');
}

/** Adds an import after the last one. An import of several lines counts as one. */
export function withImport(text: string, line: string): string {
  const imports = [...text.matchAll(/^import\b[^;]*;[^\n]*\n/gm)];
  const last = imports.at(-1);
  const at = last ? last.index + last[0].length : 0;
  return `${text.slice(0, at)}${line}${lineEnd(text)}${text.slice(at)}`;
}

/** Whether a name occurs in code, not only in comments. */
export function mentions(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(withoutComments(text));
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '');
}
