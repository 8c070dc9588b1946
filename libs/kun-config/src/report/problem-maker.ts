import type { ConfigProblem, ConfigProblemCode } from './config-error.js';
import { formatPath } from '../config-path.js';
import type { ConfigNode, SourceFile } from '../files/config-node.js';
import { nearest } from '../nearest.js';
import type { SchemaView } from '../schema/schema-view.js';
import { soundsSecret } from '../secret.js';
import { showKey, showLine } from './source-line.js';

/** Creates problems with their places, and hides what must not be shown. */
export class ProblemMaker {
  private readonly secretNames: ReadonlySet<string>;
  private made = 0;
  private readonly known = new Map<string, boolean>();
  private readonly doubtful = new Map<string, boolean>();

  constructor(private readonly views: readonly SchemaView[]) {
    this.secretNames = new Set(views.flatMap((view) => view.secretNames()));
  }

  at(
    source: SourceFile,
    offset: number,
    problem: {
      code: ConfigProblemCode;
      path: readonly PropertyKey[];
      message: string;
      suggestion?: string | undefined;
    },
  ): ConfigProblem {
    const { code, path, message, suggestion } = source.foreign ? this.foreign(problem) : problem;
    const place = source.place(offset);
    const line =
      source.text === '' || source.foreign || ++this.made > MAX_SHOWN
        ? undefined
        : showLine(source, place.line, place.column, this.mayHideSecret);
    return {
      code,
      key: shorten(formatPath(path.map((part) => this.shown(part))), MAX_KEY),
      message: shorten(message, MAX_MESSAGE),
      ...(suggestion === undefined ? {} : { suggestion: shorten(suggestion, MAX_KEY) }),
      ...(line === undefined ? {} : { sourceLine: line.text, caret: line.column }),
      ...place,
    };
  }

  /** A problem of a file as a whole, with no line to point at. */
  of(source: SourceFile, problem: { code: ConfigProblemCode; message: string }): ConfigProblem {
    return { ...problem, key: '', file: source.display, line: 0, column: 0 };
  }

  /** Whether a value must not be printed, judging by its node, its schema, or the name of a key on its path. */
  isSecret(path: readonly PropertyKey[], node?: ConfigNode): boolean {
    if (node && (node.source.foreign || isSecretNode(node))) return true;
    // A switch reveals nothing.
    if (node?.kind === 'scalar' && typeof node.value === 'boolean') return false;
    return path.some((key) => soundsSecret(String(key))) || this.views.some((view) => view.isSecret(path));
  }

  /** The same for a key alone, where nothing else is known yet. */
  readonly isSecretKey = (key: string): boolean =>
    remember(this.known, key, () => this.secretNames.has(key) || soundsSecret(key));

  /** Of a file outside of the base even the names of its keys are text that may be meant for nobody here. */
  private foreign<
    P extends {
      code: ConfigProblemCode;
      path: readonly PropertyKey[];
      message: string;
      suggestion?: string | undefined;
    },
  >(problem: P): P {
    const path = problem.path.map((part, index) =>
      this.views.some((view) => view.namesAt(problem.path.slice(0, index)).includes(String(part)))
        ? part
        : '*',
    );
    if (problem.code !== 'syntax' && problem.code !== 'unresolved') return { ...problem, path };
    const message = 'cannot be used; of a file that is a link out of the base nothing is shown';
    return { ...problem, path, message };
  }

  private shown(part: PropertyKey): PropertyKey {
    return typeof part === 'string' ? showKey(part, this.mayHideSecret) : part;
  }

  /** Of a text that is in doubt also a key that is only nearly one, as by a slip of the pen. */
  private readonly mayHideSecret = (key: string): boolean =>
    remember(
      this.doubtful,
      key,
      () => this.isSecretKey(key) || nearest(key, [...SECRET_WORDS, ...this.secretNames]) !== undefined,
    );
}

function remember(known: Map<string, boolean>, key: string, find: () => boolean): boolean {
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = find();
  known.set(key, found);
  return found;
}

const SECRET_WORDS = ['password', 'passphrase', 'secret', 'token', 'apikey', 'privatekey', 'credentials'];

/** Longer keys are an attack or a misplaced quote. */
const MAX_KEY = 300;
const MAX_MESSAGE = 1_000;

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Past these nobody wants to see the source, and looking for secrets around each would take long. */
const MAX_SHOWN = 100;

function isSecretNode(node: ConfigNode): boolean {
  if (node.kind === 'list') return node.items.some(isSecretNode);
  return node.kind === 'scalar' && (node.secret === true || node.written !== undefined);
}
