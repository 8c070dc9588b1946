import { ScaffoldError } from '../terminal.js';

/** A service of a proto file, and where it is in the text. */
export interface ProtoService {
  readonly name: string;
  readonly rpcs: readonly string[];
  /** Offset of the closing brace. */
  readonly end: number;
}

/** What stands at the outermost level of a proto file. */
export interface ProtoOutline {
  /** `''` for a file without one. */
  readonly package: string;
  readonly services: readonly ProtoService[];
  readonly messages: readonly string[];
}

/** Comments and texts are one token each, so that a brace in them counts for nothing. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[\w.]+|\S/g;

/**
 * Finds the services and messages of a proto file.
 *
 * @throws {ScaffoldError} when its braces do not fit together; `file` names it in the message.
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
    // Keywords are names elsewhere: `string package = 1;`.
    const begins = index === 0 || /^[;{}]$/.test(tokens[index - 1]?.[0] ?? '');
    if (!begins) continue;
    if (depth === 0 && token === 'package') outline.package = next;
    if (depth === 0 && (token === 'message' || token === 'enum')) outline.messages.push(next);
    if (depth === 0 && token === 'service') service = { name: next, rpcs: [] };
    if (depth === 1 && service && token === 'rpc') service.rpcs.push(next);
  }
  if (depth !== 0) throw new ScaffoldError(`the braces of ${file} do not fit together; mend it first`);
  return outline;
}

/** Adds a line at the end of a service, as its others are written. */
export function withRpc(text: string, { end }: ProtoService, line: string): string {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const before = text.slice(0, end);
  // `service A { rpc B(C) returns (D); }`
  if (text.slice(start, end).trim() !== '') return `${before.trimEnd()} ${line} ${text.slice(end)}`;
  const indent = /\n([ \t]+)rpc\b[^\n]*\n(?![\s\S]*\n[ \t]+rpc\b)/.exec(before)?.[1] ?? '  ';
  return `${text.slice(0, start)}${indent}${line}${lineEnd(text)}${text.slice(start)}`;
}

/** Adds lines at the end of a text. */
export function appended(text: string, lines: string): string {
  const eol = lineEnd(text);
  const ended = text === '' || text.endsWith('\n') ? text : `${text}${eol}`;
  return ended + lines.replaceAll('\n', eol);
}

/** The line ends that a text has. */
export function lineEnd(text: string): '\r\n' | '\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
