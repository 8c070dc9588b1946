import { SourceFile, type ConfigNode, type MapNode, type ScalarNode } from '../files/config-node.js';
import { mergeMaps } from '../files/merge-layers.js';
import { nearest } from '../nearest.js';
import type { ConfigProblem } from '../report/config-error.js';
import type { ProblemMaker } from '../report/problem-maker.js';
import type { SchemaView } from '../schema/schema-view.js';

/** The prefix of environment variables that set keys: `KUN_CONF__GRPCSERVER__PORT`. */
export const VARIABLE_PREFIX = 'KUN_CONF__';

/** The keys that the environment sets. */
export interface EnvironmentLayer {
  readonly root: MapNode | undefined;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads the variables that set keys: after the prefix the path, its parts between double underscores, since a key may
 * have a single one. Parts are matched with the keys that the schemas and the files know: as written, or whatever
 * their letter case, with `_` for what a shell does not allow in a name. A part that meets none is an error where the
 * schema names its keys, and else a new key as it is written.
 *
 * @param files what the files say together, whose free keys (upstreams, labels) can be met as well
 */
export function environmentLayer(
  env: NodeJS.ProcessEnv,
  files: MapNode,
  views: readonly SchemaView[],
  problems: ProblemMaker,
): EnvironmentLayer {
  const found: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  const set = new Map<string, string>();
  const variables: Variable[] = [];
  for (const name of Object.keys(env).toSorted()) {
    const source = new SourceFile(name, 'Environment', '', { display: `environment variable ${name}` });
    const report = (message: string, suggestion?: string): ConfigProblem =>
      problems.at(source, 0, { code: 'unknown-key', path: [], message, suggestion });
    if (!name.startsWith(VARIABLE_PREFIX)) {
      if (isNearMiss(name))
        warnings.push({ ...report(`sets nothing; a key is set by ${VARIABLE_PREFIX}…`), code: 'not-read' });
      continue;
    }
    const path = new PathReader(files, views).read(name.slice(VARIABLE_PREFIX.length));
    if ('wrong' in path) {
      const near = path.near === undefined ? undefined : variableOf(path.near);
      found.push(report(path.wrong, near));
      continue;
    }
    const key = JSON.stringify(path.keys);
    const before = set.get(key);
    set.set(key, name);
    if (before === undefined) variables.push({ keys: path.keys, source, text: env[name] ?? '' });
    else found.push(report(`sets the same key as ${before}; take one of them away`));
  }
  // The longer path wins: a whole section goes below its keys.
  const maps = variables
    .toSorted((a, b) => a.keys.length - b.keys.length)
    .map((each) => nodeOf(each, problems));
  const [first, ...rest] = maps;
  const root = first && rest.reduce((merged, each) => mergeMaps(merged, each), first);
  return { root, problems: found, warnings };
}

interface Variable {
  readonly keys: readonly string[];
  readonly source: SourceFile;
  readonly text: string;
}

type Read =
  { readonly keys: readonly string[] } | { readonly wrong: string; readonly near?: readonly string[] };

/** Finds the keys that a variable's name refers to. */
class PathReader {
  private node: ConfigNode | undefined;

  constructor(
    files: MapNode,
    private readonly views: readonly SchemaView[],
  ) {
    this.node = files;
  }

  read(name: string): Read {
    const keys: string[] = [];
    for (const part of name.split('__')) {
      if (part === '') return { wrong: 'names no key: a part of its path is empty' };
      if (this.node?.kind === 'list' || this.isList(keys))
        return { wrong: `means an item of a list; set the list as a whole: ${variableOf(keys)}='[a, b]'` };
      const names = this.names(keys);
      const [match, ...others] = matching(part, names);
      if (others.length > 0 && match !== undefined)
        return { wrong: `may mean ${[match, ...others].join(' or ')}; write the key as the file does` };
      if (match === undefined && this.closed(keys, part)) return unknown(keys, part, names);
      const key = match ?? part;
      keys.push(key);
      this.node = this.node?.kind === 'map' ? this.node.entries.get(key) : undefined;
    }
    return { keys };
  }

  private names(path: readonly string[]): Set<string> {
    const here = this.node?.kind === 'map' ? this.node.entries.keys() : [];
    return new Set([...this.views.flatMap((view) => view.namesAt(path)), ...here]);
  }

  private asked(path: readonly string[]): readonly SchemaView[] {
    const [top] = path;
    if (top === undefined) return this.views;
    const owner = this.views.find((view) => view.names.includes(top));
    return owner ? [owner] : this.views.filter((view) => view.open);
  }

  private isList(path: readonly string[]): boolean {
    const allowed = this.asked(path).flatMap((view) => view.allowed(path));
    return allowed.length > 0 && allowed.every(({ type }) => type === 'array');
  }

  private closed(path: readonly string[], key: string): boolean {
    const asked = this.asked(path);
    return (
      asked.length > 0 &&
      asked.every(
        (view) => view.refuses(path, key) || (path.length === 0 && !view.open && view.json !== undefined),
      )
    );
  }
}

function unknown(keys: readonly string[], part: string, names: ReadonlySet<string>): Read {
  const near = nearest(part, [...names].map(plain));
  const key = [...names].find((name) => plain(name) === near);
  const where = keys.length === 0 ? 'there is no key' : `${keys.join('.')} has no key`;
  return {
    wrong: `sets nothing: ${where} ${part}`,
    ...(key === undefined ? {} : { near: [...keys, key] }),
  };
}

/** The keys that a part of a variable's name may mean, those of the best kind of match only. */
function matching(part: string, names: ReadonlySet<string>): string[] {
  if (names.has(part)) return [part];
  const folded = [...names].filter((name) => name.toLowerCase() === part.toLowerCase());
  if (folded.length > 0) return folded;
  return [...names].filter((name) => plain(name) === plain(part));
}

/** A key in the form of a variable's name. */
function plain(key: string): string {
  return key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

function variableOf(keys: readonly string[]): string {
  return VARIABLE_PREFIX + keys.map(plain).join('__');
}

/** `KUN_CONF_PORT` and its like; Kubernetes makes variables of services' names, which are not meant. */
function isNearMiss(name: string): boolean {
  if (!/^KUN_*CONF(IG)?_/i.test(name)) return false;
  return name.includes('__') || !/_(SERVICE_(HOST|PORT)|PORT(_\d+_(TCP|UDP|SCTP)\w*)?)(_\w+)?$/.test(name);
}

function nodeOf({ keys, source, text }: Variable, problems: ProblemMaker): MapNode {
  const at = { source, offset: 0, keyOffset: 0, hid: [] };
  const leaf: ScalarNode = {
    kind: 'scalar',
    value: '',
    ...at,
    outside: { template: [text], file: false, plain: true },
    ...(keys.some(problems.isSecretKey) ? { secret: true } : {}),
  };
  const node = keys
    .toReversed()
    .reduce<ConfigNode>((inner, key) => ({ kind: 'map', ...at, entries: new Map([[key, inner]]) }), leaf);
  if (node.kind !== 'map') throw new TypeError('a variable names a key');
  return node;
}
