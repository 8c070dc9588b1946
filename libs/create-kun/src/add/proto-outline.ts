import { ScaffoldError } from '../terminal.js';

/** A service of a proto file, and its position in the text. */
export interface ProtoService {
  readonly name: string;
  readonly rpcs: readonly string[];
  /** Offset of the closing brace. */
  readonly end: number;
}

/** The top-level declarations of a proto file. */
export interface ProtoOutline {
  /** `''` for a file without a package. */
  readonly package: string;
  readonly services: readonly ProtoService[];
  readonly messages: readonly string[];
}

/** Comments and strings are single tokens, so that braces in them do not count. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.]+|\S/g;

/**
 * Finds the services and messages of a proto file.
 *
 * @throws {ScaffoldError} when its braces do not match; `file` names it in the message.
 */
export function outlineOf(text: string, file: string): ProtoOutline {
  const tokens = [...text.matchAll(TOKEN)].filter(([token]) => !/^\/[/*]/.test(token));
  const outline = { package: '', services: [] as ProtoService[], messages: [] as string[] };
  let service: { name: string; rpcs: string[] } | undefined;
  let depth = 0;
  for (const [index, { 0: token, index: offset }] of tokens.entries()) {
    const next = tokens[index + 1]?.[0] ?? '';
    if (token === '{') depth++;
    if (token === '}' && --depth === 0 && service) {
      outline.services.push({ ...service, end: offset });
      service = undefined;
    }
    if (depth < 0) break;
    // Elsewhere, keywords may be names: `string package = 1;`.
    const begins = index === 0 || /^[;{}]$/.test(tokens[index - 1]?.[0] ?? '');
    if (!begins) continue;
    if (depth === 0 && token === 'package') outline.package = next;
    if (depth === 0 && (token === 'message' || token === 'enum')) outline.messages.push(next);
    if (depth === 0 && token === 'service') service = { name: next, rpcs: [] };
    if (depth === 1 && service && token === 'rpc') service.rpcs.push(next);
  }
  if (depth !== 0) throw new ScaffoldError(`the braces of ${file} do not match; fix it first`);
  return outline;
}

/** Adds a line at the end of a service, formatted like the others. */
export function withRpc(text: string, { end }: ProtoService, line: string): string {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const before = text.slice(0, end);
  // `service A { rpc B(C) returns (D); }`
  if (text.slice(start, end).trim() !== '') return `${before.trimEnd()} ${line} ${text.slice(end)}`;
  const indent = /\n([ \t]+)rpc\b[^\n]*\n(?![\s\S]*\n[ \t]+rpc\b)/.exec(before)?.[1] ?? '  ';
  return `${text.slice(0, start)}${indent}${line}${lineEnd(text)}${text.slice(start)}`;
}

/** Appends lines to a text. */
export function appended(text: string, lines: string): string {
  const eol = lineEnd(text);
  const ended = text === '' || text.endsWith('\n') ? text : `${text}${eol}`;
  return ended + lines.replaceAll('\n', eol);
}

/** The line ending that a text uses. */
export function lineEnd(text: string): '\r\n' | '\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
