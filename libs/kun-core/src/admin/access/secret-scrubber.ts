import { Secret, soundsSecret, type Configuration } from '@kun/config';

/** Replaces a secret. */
const HIDDEN = '[secret]';

/** A shorter secret would match parts of ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Patterns that look like credentials, whosever they are. */
const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  // The user and password of a URL; a password with a slash is invalid, but occurs.
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

/** In lower case; a text without any of these matches no pattern above and contains no secret's name. */
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

/** The part of the configuration that it needs. */
type ReadConfiguration = Pick<Configuration<object>, 'loaded'>;

/**
 * Removes secrets from texts that leave through the admin port: values that the configuration and the environment hold
 * under a secret's name, passwords in their URLs, and anything that looks like a credential. Answers are built without
 * secrets, but the text of an error may contain anything.
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

  /** Returns the text without secrets. */
  scrub(text: string): string {
    let clean = this.secrets() ? text.replace(this.secrets() ?? '', HIDDEN) : text;
    if (!hasHint(clean)) return clean;
    for (const [pattern, instead] of PATTERNS) clean = clean.replace(pattern, instead);
    return clean;
  }

  /**
   * Returns a log line without secrets, and without the texts that it has under a secret's name. Most lines contain nothing
   * suspicious and are returned as they are, at a tenth of the cost of parsing them.
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

  /** Collected again after each change of the configuration. */
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

/** Most texts are names and contain nothing that could begin a match. */
function hasHint(text: string): boolean {
  const lower = text.toLowerCase();
  return HINTS.some((hint) => lower.includes(hint));
}

/** Numbers and switches are not secrets: `token_count`, `has_secret`. */
function isUnderSecretName(key: string, value: unknown): boolean {
  const couldBe = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return couldBe && (soundsSecret(key) || /authorization|cookie/i.test(key));
}

function collect(text: string, secret: boolean, found: Set<string>): void {
  const add = (value: string) => {
    if (value.length < MIN_SECRET_LENGTH) return;
    found.add(value);
    // As it appears within JSON.
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
      // It is not URL-encoded.
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
