import { isUtf8 } from 'node:buffer';
import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import type { ConfigLayer } from '../files/config-layers.js';
import { SourceFile, type MapNode } from '../files/config-node.js';
import { readYaml } from '../files/read-yaml.js';
import { readSmallFile, UnreadableFileError } from '../files/small-file.js';
import type { ConfigProblem, ConfigProblemCode } from '../report/config-error.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import { findNearMisses, isDangling } from './near-misses.js';

/** One layer as it was read. */
export interface ReadLayer {
  readonly source: SourceFile;
  readonly found: boolean;
  /** Undefined when there is no file or nothing in it. */
  readonly root: MapNode | undefined;
  readonly problems: readonly ConfigProblem[];
  /** Files beside it that look as if they should be read, but are not. */
  readonly warnings: readonly ConfigProblem[];
  /** False when the file cannot be understood, so that other problems may only follow from that. */
  readonly understood: boolean;
}

/** Reads the file of a layer; every way in which that can fail is a problem with a place, none throws. */
export async function readLayer(
  layer: ConfigLayer,
  realBase: Promise<string>,
  problems: ProblemMaker,
): Promise<ReadLayer> {
  const source = new SourceFile(layer.file, layer.name, '');
  let bytes: Buffer;
  try {
    bytes = await readSmallFile(layer.file);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    if (!error.missing) {
      return failed(source, problems, 'unreadable', `the file cannot be read (${error.message})`);
    }
    return readMissing(layer, source, problems);
  }
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const [foreign, warnings] = await Promise.all([
    leavesBase(layer.file, realBase),
    nearMisses(layer, source, problems, true),
  ]);
  const read = new SourceFile(layer.file, layer.name, text, { foreign });
  if (!isUtf8(bytes) || text.includes('\0')) {
    const message = 'the file is not UTF-8 text; save it as UTF-8';
    return failed(read, problems, 'unreadable', message, Math.max(0, text.search(/\0|\uFFFD/)));
  }
  return { ...readText(read, problems), warnings };
}

/** Reads a text that is already there. */
export function readText(source: SourceFile, problems: ProblemMaker): ReadLayer {
  const result = readYaml(source, { outside: true, isSecretKey: problems.isSecretKey });
  const { root, parsed: understood } = result;
  const found = result.problems.map((problem) => problems.at(source, problem.offset, problem));
  const read = { source, found: true, problems: found, warnings: [], understood };
  if (root?.kind === 'map') return { ...read, root };
  if (root === undefined || root.kind === 'unset') return { ...read, root: undefined };
  return failed(source, problems, 'syntax', 'the file must hold a map of keys at its top', root.offset);
}

async function readMissing(
  layer: ConfigLayer,
  source: SourceFile,
  problems: ProblemMaker,
): Promise<ReadLayer> {
  if (await isDangling(layer.file)) {
    return failed(source, problems, 'unreadable', 'the file is a link that leads nowhere');
  }
  const warnings = await nearMisses(layer, source, problems, false);
  if (!layer.required) {
    return { source, found: false, root: undefined, problems: [], warnings, understood: true };
  }
  const beside = warnings.map(({ message }) => `; ${message}`).join('');
  const message = `the ${layer.name.toLowerCase()} configuration is required, but there is no such file below ${layer.base}; create it, or name another directory (KUN_BASE) or service${beside}`;
  return { ...failed(source, problems, 'missing-file', message), found: false };
}

async function nearMisses(
  layer: ConfigLayer,
  source: SourceFile,
  problems: ProblemMaker,
  found: boolean,
): Promise<ConfigProblem[]> {
  const messages = await findNearMisses(layer, found);
  return messages.map((message) => problems.of(source, { code: 'not-read', message }));
}

/** Whether a file is a link that leads outside the base directory; a ConfigMap's links stay inside. */
async function leavesBase(file: string, realBase: Promise<string>): Promise<boolean> {
  try {
    const [real, base] = await Promise.all([realpath(file), realBase]);
    return !real.startsWith(base.endsWith(sep) ? base : base + sep);
  } catch {
    // It has just been moved or removed.
    return true;
  }
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
  return { source, found: true, root: undefined, problems: [problem], warnings: [], understood: false };
}
