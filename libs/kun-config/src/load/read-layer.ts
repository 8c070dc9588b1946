import { isUtf8 } from 'node:buffer';
import type { ConfigProblem, ConfigProblemCode } from '../report/config-error.js';
import type { ConfigLayer } from '../files/config-layers.js';
import { SourceFile, type MapNode } from '../files/config-node.js';
import type { ExternalValues } from '../files/external-values.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import { readYaml } from '../files/read-yaml.js';
import { readSmallFile, UnreadableFile } from '../files/small-file.js';

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
    bytes = await readSmallFile(layer.file);
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    if (!error.missing)
      return failed(source, problems, 'unreadable', `the file cannot be read (${error.message})`);
    if (!layer.required) return { source, found: false, root: undefined, problems: [], understood: true };
    const message = `the ${layer.name.toLowerCase()} configuration is required, but there is no such file; create it, or name another directory (KUN_BASE) or service`;
    return { ...failed(source, problems, 'missing-file', message), found: false };
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const read = new SourceFile(layer.file, layer.name, text);
  if (isUtf8(bytes) && !text.includes('\0')) return readText(read, external, problems);
  const message = 'the file is not UTF-8 text; save it as UTF-8';
  return failed(read, problems, 'unreadable', message, Math.max(0, text.search(/\0|\uFFFD/)));
}

/** Reads a text that is already there. */
export function readText(source: SourceFile, external: ExternalValues, problems: ProblemMaker): ReadLayer {
  const result = readYaml(source, { readScalar: external.read, isSecretKey: problems.isSecretKey });
  const { root } = result;
  const found = result.problems.map((problem) => problems.at(source, problem.offset, problem));
  if (root?.kind === 'map') return { source, found: true, root, problems: found, understood: result.parsed };
  if (root === undefined || root.kind === 'unset') {
    return { source, found: true, root: undefined, problems: found, understood: result.parsed };
  }
  return failed(source, problems, 'syntax', 'the file must hold a map of keys at its top', root.offset);
}

function failed(
  source: SourceFile,
  problems: ProblemMaker,
  code: ConfigProblemCode,
  message: string,
  offset?: number,
): ReadLayer {
  const problem =
    offset === undefined
      ? problems.of(source, { code, message })
      : problems.at(source, offset, { code, path: [], message });
  return { source, found: true, root: undefined, problems: [problem], understood: false };
}
