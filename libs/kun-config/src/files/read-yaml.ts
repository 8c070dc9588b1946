import { parseDocument, type Document, type YAMLError } from 'yaml';
import type { SourceFile, ReadProblem, ReadResult } from './config-node.js';
import type { IsSecretKey } from '../secret.js';
import { Shield } from './shield.js';
import { FILE_TAG, MAX_DEPTH, MAX_PROBLEMS, TreeBuilder } from './tree-builder.js';
import { syntaxProblem, tagProblem } from './yaml-problem.js';

/** Options for reading a text. */
export interface ReadYamlOptions {
  /** Whether `!file` and `${NAME}` are looked for; default no: they are an unknown tag and text. */
  readonly outside?: boolean;
  /** Tells which keys hold values that must not be printed. Default: none */
  readonly isSecretKey?: IsSecretKey;
}

/**
 * Reads YAML 1.2 (core schema) into nodes that know their place. Anchors, aliases and merge keys work; keys are text;
 * duplicate keys, several documents, tags but those of the core schema and `!file`, another version of YAML,
 * `__proto__` and anything that would expand or nest without bound are problems.
 */
export function readYaml(source: SourceFile, options: ReadYamlOptions = {}): ReadResult {
  const { outside = false, isSecretKey = () => false } = options;
  const shield = outside ? new Shield(source.text) : undefined;
  const text = shield?.text ?? source.text;
  if (flowDepth(text) > MAX_OPEN_BRACKETS) return unparsed([TOO_DEEP]);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      // Checked here instead: the library compares every key with every other, seconds for a large map.
      uniqueKeys: false,
      prettyErrors: false,
      // `silent` would also suppress the error for a second document.
      logLevel: 'error',
      // Values of YAML 1.1 types would parse, but a configuration cannot hold them.
      resolveKnownTags: false,
      customTags: outside ? [{ tag: FILE_TAG, resolve: (path: string) => path }] : [],
    });
  } catch (error) {
    // The parser recurses; a hostile text exhausts the stack.
    if (error instanceof RangeError) return unparsed([TOO_DEEP]);
    throw error;
  }
  const { errors, warnings } = document;
  if (errors.some(isTooDeep)) return unparsed([TOO_DEEP]);
  const version = otherVersion(text);
  if (version) return unparsed([version]);
  if (errors.length > 0) return unparsed([syntaxProblem(text, document, errors)]);
  if (warnings.length > 0) return unparsed(warnings.slice(0, MAX_PROBLEMS).map(tagProblem));
  return new TreeBuilder(source, document, shield, isSecretKey).read();
}

/** With more open brackets than this the parser needs seconds to complain. */
const MAX_OPEN_BRACKETS = 10_000;

const TOO_DEEP: ReadProblem = {
  code: 'syntax',
  offset: 0,
  path: [],
  message: `is nested deeper than ${MAX_DEPTH} levels`,
};

function isTooDeep({ code }: YAMLError): boolean {
  return code === 'RESOURCE_EXHAUSTION';
}

/** In YAML 1.1 `yes` and `010` mean something else; supporting half of it would be worse than none. */
function otherVersion(text: string): ReadProblem | undefined {
  const found = /^%YAML[ \t]+(\d+\.\d+)/m.exec(text);
  // Directives come only before the document.
  if (!found || found[1] === '1.2' || /^---/m.test(text.slice(0, found.index))) return undefined;
  const message = `asks for YAML ${found[1]}, but files are read as YAML 1.2; take the line away`;
  return { code: 'syntax', offset: found.index, path: [], message };
}

function unparsed(problems: readonly ReadProblem[]): ReadResult {
  return { root: undefined, parsed: false, problems };
}

function flowDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth = Math.max(0, depth - 1);
  }
  return deepest;
}
