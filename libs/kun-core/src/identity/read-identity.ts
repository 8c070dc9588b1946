import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DEFAULT_CLUSTER, Identity, IdentityError, type IdentityProblem } from './identity.js';

/** Where Kubernetes puts the namespace into every pod that has a service account. */
export const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/** What {@link readIdentity} reads from; everything has a default, so that a test can replace each. */
export interface ReadIdentityOptions {
  /** Environment variables. Default `process.env`. An empty variable counts as unset. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The service's name when `KUN_SERVICE` is unset: `KunModule.forRoot({ service })`. */
  readonly service?: string | undefined;
  /** The release when `KUN_VERSION` is unset. */
  readonly version?: string | undefined;
  /** The host's name, the last resort for the instance. Default `os.hostname()`. */
  readonly hostname?: string;
  /** Reads a small file, `undefined` when it cannot be read. Default: from the file system. */
  readonly readFile?: (path: string) => string | undefined;
}

/**
 * Finds out who this process is, each name from the first place that has it:
 *
 * | name | places |
 * |---|---|
 * | domain | `KUN_DOMAIN`, else `''` |
 * | namespace | `KUN_NAMESPACE`, `POD_NAMESPACE`, the service account's namespace file, else `default` |
 * | cluster | `KUN_CLUSTER`, else `default` |
 * | service | `KUN_SERVICE`, the option `service` |
 * | instance | `KUN_INSTANCE`, `POD_NAME`, the host's name |
 * | version | `KUN_VERSION`, the option `version`, else none |
 *
 * It runs in Kubernetes if `KUBERNETES_SERVICE_HOST` is set or the namespace file can be read.
 *
 * @throws {IdentityError} when there is no service name, or a name could not be a directory and a label: it must
 * be of ASCII letters, digits, `.`, `_` and `-`, begin and end with a letter or digit, and have at most 63
 * characters (253 for the instance, the longest pod name).
 */
export function readIdentity(options: ReadIdentityOptions = {}): Identity {
  const env = options.env ?? process.env;
  const readFile = options.readFile ?? readSmallFile;
  const fromEnv = (name: string): Candidate => ({ source: name, value: env[name] });
  const namespaceFile = readFile(NAMESPACE_FILE)?.trim();
  const host = options.hostname ?? hostname();
  const problems: IdentityProblem[] = [];
  const name = (role: NameRole, ...candidates: Candidate[]): string =>
    checkedName(role, candidates, problems);

  const inKubernetes = Boolean(env['KUBERNETES_SERVICE_HOST']) || namespaceFile !== undefined;
  const identity = {
    domain: name(DOMAIN, fromEnv('KUN_DOMAIN')),
    namespace: name(NAMESPACE, fromEnv('KUN_NAMESPACE'), fromEnv('POD_NAMESPACE'), {
      source: NAMESPACE_FILE,
      value: namespaceFile,
    }),
    cluster: name(CLUSTER, fromEnv('KUN_CLUSTER')),
    service: name(SERVICE, fromEnv('KUN_SERVICE'), { source: 'the option service', value: options.service }),
    instance: name(INSTANCE, fromEnv('KUN_INSTANCE'), fromEnv('POD_NAME'), {
      source: 'the host name',
      value: host,
    }),
    version:
      name(VERSION, fromEnv('KUN_VERSION'), { source: 'the option version', value: options.version }) ||
      undefined,
    pod: inKubernetes
      ? { name: env['POD_NAME'] || host, namespace: env['POD_NAMESPACE'] || namespaceFile || undefined }
      : undefined,
  };
  if (problems.length > 0) throw new IdentityError(problems);
  return new Identity(identity);
}

interface Candidate {
  readonly source: string;
  readonly value: string | undefined;
}

interface NameRole {
  readonly variable: string;
  /** What stands in when no place has the name; `undefined`: there must be one. */
  readonly fallback: string | undefined;
  readonly maxLength: number;
  readonly pattern: RegExp;
}

const DIRECTORY_AND_LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
/** 63: the longest Kubernetes namespace and label value (RFC 1123 label). */
const named = (variable: string, fallback?: string): NameRole => ({
  variable,
  fallback,
  maxLength: 63,
  pattern: DIRECTORY_AND_LABEL,
});

const DOMAIN = named('KUN_DOMAIN', '');
const NAMESPACE = named('KUN_NAMESPACE', 'default');
const CLUSTER = named('KUN_CLUSTER', DEFAULT_CLUSTER);
const SERVICE = named('KUN_SERVICE');
/** 253: the longest pod name (RFC 1123 subdomain). */
const INSTANCE: NameRole = { ...named('KUN_INSTANCE'), maxLength: 253 };
/** A version selects no directory, so it may also look like `1.4.0+build.7` or `sha256:…`. */
const VERSION: NameRole = {
  ...named('KUN_VERSION', ''),
  maxLength: 128,
  pattern: /^[A-Za-z0-9][A-Za-z0-9._+:@/-]*$/,
};

function checkedName(role: NameRole, candidates: readonly Candidate[], problems: IdentityProblem[]): string {
  const found = candidates.find((candidate) => candidate.value !== undefined && candidate.value !== '');
  if (found?.value === undefined) {
    if (role.fallback === undefined)
      problems.push({ source: role.variable, message: missing(role, candidates) });
    return role.fallback ?? '';
  }
  if (found.value.length <= role.maxLength && role.pattern.test(found.value)) return found.value;
  const remedy = found.source === role.variable ? 'change it' : `change it or set ${role.variable}`;
  problems.push({
    source: found.source,
    message: `${found.source} is ${quoted(found.value)}, but must be ${rule(role)}; ${remedy}`,
  });
  return '';
}

function missing(role: NameRole, candidates: readonly Candidate[]): string {
  if (role === SERVICE) {
    return 'this service has no name: set KUN_SERVICE, or the option service of KunModule.forRoot';
  }
  return `${role.variable} must be set: none of ${candidates.map(({ source }) => source).join(', ')} has a value`;
}

function rule(role: NameRole): string {
  const characters =
    role === VERSION
      ? 'letters, digits and . _ + : @ / - beginning with a letter or digit'
      : 'letters, digits and . _ - beginning and ending with a letter or digit';
  return `1 to ${role.maxLength} ${characters}`;
}

/** Cut and on one line, since the value may be anything and goes into a log line or a terminal. */
function quoted(value: string): string {
  const text = JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return text.replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => `\\u${hex(character)}`);
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, '0');
}

function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // Outside Kubernetes there is none, and an unreadable one is of no use either.
  }
}
