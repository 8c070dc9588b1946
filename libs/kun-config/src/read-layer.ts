import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import type { ConfigProblem, ConfigProblemCode } from './config-error.js';
import type { ConfigLayer } from './config-layers.js';
import { SourceFile, type MapNode } from './config-node.js';
import type { ExternalValues } from './external-values.js';
import { errorCode } from './plain-object.js';
import type { ProblemMaker } from './problem-maker.js';
import { readYaml } from './read-yaml.js';

/** One layer as it was read. */
export interface ReadLayer {
  readonly source: SourceFile;
  readonly found: boolean;
  /** Undefined when there is no file or nothing in it. */
  readonly root: MapNode | undefined;
  readonly problems: readonly ConfigProblem[];
  /** False when the file cannot be understood, so that other problems may only follow from that. */
  readonly understood: boolean;
}

/** Reads the file of a layer; every way in which that can fail is a problem with a place, none throws. */
export async function readLayer(
  layer: ConfigLayer,
  external: ExternalValues,
  problems: ProblemMaker,
): Promise<ReadLayer> {
  const source = new SourceFile(layer.file, layer.name, '');
  let bytes: Buffer;
  try {
    bytes = await readFile(layer.file);
  } catch (error) {
    const code = errorCode(error);
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (!missing) return failed(source, problems, 'unreadable', `the file cannot be read (${code})`);
    if (!layer.required) return { source, found: false, root: undefined, problems: [], understood: true };
    const message = `the ${layer.name.toLowerCase()} configuration is required, but there is no such file`;
    return { ...failed(source, problems, 'missing-file', message), found: false };
  }
  if (bytes.length > MAX_FILE_BYTES) {
    const message = `the file has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are read`;
    return failed(source, problems, 'unreadable', message);
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const read = new SourceFile(layer.file, layer.name, text);
  if (isUtf8(bytes) && !text.includes('\0')) return readText(read, external, problems);
  const message = 'the file is not UTF-8 text; save it as UTF-8';
  return failed(read, problems, 'unreadable', message, Math.max(0, text.search(/\0|\uFFFD/)));
}

/** Reads a text that is already there. */
export function readText(source: SourceFile, external: ExternalValues, problems: ProblemMaker): ReadLayer {
  const result = readYaml(source, external.read);
  const { root } = result;
  const found = result.problems.map((problem) => problems.at(source, problem.offset, problem));
  if (root?.kind === 'map') return { source, found: true, root, problems: found, understood: true };
  if (root === undefined || root.kind === 'unset') {
    return { source, found: true, root: undefined, problems: found, understood: result.parsed };
  }
  return failed(source, problems, 'syntax', 'the file must hold a map of keys at its top', root.offset);
}

/** What a ConfigMap can hold. It bounds the time that parsing takes. */
export const MAX_FILE_BYTES = 1024 * 1024;

function failed(
  source: SourceFile,
  problems: ProblemMaker,
  code: ConfigProblemCode,
  message: string,
  offset?: number,
): ReadLayer {
  const problem = problems.at(source, offset ?? 0, { code, path: [], message });
  // Where it is about the file as a whole, there is no line to point at.
  const placed = offset === undefined ? { ...problem, line: 0, column: 0 } : problem;
  return { source, found: true, root: undefined, problems: [placed], understood: false };
}
