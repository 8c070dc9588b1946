import { Secret, soundsSecret, type Configuration } from '@kun/config';

/** What stands in the place of a secret. */
const HIDDEN = '[secret]';

/** A shorter one would be found in half of all words. */
const MIN_SECRET_LENGTH = 6;

/** What looks like a credential, whoever it belongs to. */
const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  // The user and password of a URL; a password with a slash in it is none, and is written all the same.
  [/(:\/\/)(?:[^\s/?#@"']*@|[^\s/?#@"']*:[^\s"'@]*@)/g, `$1${HIDDEN}@`],
  [/\b(Bearer|Basic)(\s+)[\w.~+/=-]{8,}/gi, `$1$2${HIDDEN}`],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, HIDDEN],
  [/\b((?:proxy-)?authorization|(?:set-)?cookie)(["']?\s*[:=]\s*)[^\n]{3,}/gi, `$1$2${HIDDEN}`],
  [/((?:password|passwd|pwd|secret|token|api[_-]?key)["']?=["']?)[^\s"'&;,)]+/gi, `$1${HIDDEN}`],
  [
    /((?:password|passwd|pwd|secret|token|api[_-]?key)(?<quote>\\*["'])\s*:\s*\k<quote>)(?:\\.|(?!\k<quote>).)+/gi,
    `$1${HIDDEN}`,
  ],
];

/** In lower case: without one of these a text has none of the patterns above, nor a secret's name. */
const HINTS = [
  '://',
  'pass',
  'pwd',
  'secret',
  'token',
  'credential',
  'key',
  'bearer',
  'basic',
  'eyj',
  'authorization',
  'cookie',
];

/** A shell's working directories, whose names sound like a password's. */
const DIRECTORIES: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);

/** What it needs of the configuration. */
type ReadConfiguration = Pick<Configuration<object>, 'loaded'>;

/**
 * Takes secrets out of texts that leave by the admin port: the values that the configuration and the environment hold
 * under a secret's name, the passwords of their URLs, and whatever looks like a credential. Answers are made so that there
 * should be none in them; an error's text is anybody's.
 */
export class SecretScrubber {
  private readonly ofEnvironment: ReadonlySet<string>;
  private read: unknown;
  private known: RegExp | undefined;

  constructor(
    private readonly configuration: ReadConfiguration,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    const found = new Set<string>();
    for (const [name, value = ''] of Object.entries(env)) {
      collect(value, soundsSecret(name) && !DIRECTORIES.has(name), found);
    }
    this.ofEnvironment = found;
  }

  /** The text without them. */
  scrub(text: string): string {
    let clean = this.secrets() ? text.replace(this.secrets() ?? '', HIDDEN) : text;
    if (!hasHint(clean)) return clean;
    for (const [pattern, instead] of PATTERNS) clean = clean.replace(pattern, instead);
    return clean;
  }

  /**
   * A line of the log without them, and without the texts that stand in it under a secret's name. Most lines have nothing
   * that could be one and stay as they are, which costs a tenth of reading them.
   */
  readonly scrubLine = (line: string): string => {
    if (!this.holdsSecret(line) && !hasHint(line)) return line;
    try {
      return JSON.stringify(JSON.parse(line), (key, value: unknown) =>
        isUnderSecretName(key, value) ? HIDDEN : this.replacer(key, value),
      );
    } catch {
      return this.scrub(line);
    }
  };

  /** For `JSON.stringify`. */
  readonly replacer = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? this.scrub(value) : value;

  private holdsSecret(line: string): boolean {
    const secrets = this.secrets();
    if (!secrets) return false;
    secrets.lastIndex = 0;
    return secrets.test(line);
  }

  /** Looked for anew after each change of the configuration. */
  private secrets(): RegExp | undefined {
    const { loaded } = this.configuration;
    if (loaded === this.read) return this.known;
    const found = new Set(this.ofEnvironment);
    walk(loaded.value, [], (value, path) => collect(value, loaded.isSecret(path), found));
    const texts = [...found].toSorted((a, b) => b.length - a.length).map((text) => escapeForPattern(text));
    this.read = loaded;
    this.known = texts.length > 0 ? new RegExp(texts.join('|'), 'g') : undefined;
    return this.known;
  }
}

/** Most texts are names and have nothing that any of the patterns could begin with. */
function hasHint(text: string): boolean {
  const lower = text.toLowerCase();
  return HINTS.some((hint) => lower.includes(hint));
}

/** Numbers and switches are none: `token_count`, `has_secret`. */
function isUnderSecretName(key: string, value: unknown): boolean {
  const couldBe = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return couldBe && (soundsSecret(key) || /authorization|cookie/i.test(key));
}

function collect(text: string, secret: boolean, found: Set<string>): void {
  const add = (value: string) => {
    if (value.length < MIN_SECRET_LENGTH) return;
    found.add(value);
    // As it stands within JSON.
    found.add(JSON.stringify(value).slice(1, -1));
  };
  if (secret) {
    add(text.trim());
    add(encodeURIComponent(text.trim()));
  }
  for (const [, password = ''] of text.matchAll(/:\/\/[^\s/?#@:]*:([^\s/?#@]*)@/g)) {
    add(password);
    try {
      add(decodeURIComponent(password));
    } catch {
      // As it is written is all there is of it.
    }
  }
}

function walk(
  value: unknown,
  path: readonly string[],
  visit: (text: string, path: readonly string[]) => void,
): void {
  if (value instanceof Secret) visit(value.reveal(), path);
  else if (typeof value === 'string' || typeof value === 'number') visit(String(value), path);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], visit);
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
