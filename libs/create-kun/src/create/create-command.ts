import { basename, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isNodeVersionInRange } from '../node-version.js';
import { ownPackage } from '../own-package.js';
import { ScaffoldError, UsageError, type Terminal } from '../terminal.js';
import { fill, readTemplate, writeFiles, type Values } from './fill-template.js';
import { takeLocalPackages } from './local-packages.js';
import { packageManagerOf, translate } from './package-manager.js';
import {
  likelyName,
  likelyProtoPackage,
  lintExcept,
  nameProblem,
  protoPackageProblem,
  serviceNames,
} from './service-names.js';
import { checkEmpty, fillDirectory } from './target-directory.js';
import { findTemplate, type Template } from './template.js';

/** The text of `create-kun --help`. */
export const CREATE_HELP = `Usage: create-kun [folder] [options]
       create-kun add <what> <name> [options]

Writes a gRPC service on kun into a new folder, all of it or nothing; @scope/name makes the folder name.
Add to a service that is there: create-kun add --help

  --name <name>             the package's name; default: from the folder
  --package <acme.shop.v1>  the proto package; default: from the name
  --template <folder or package>
                            a template of your own; default: kun's
  --set <variable=value>    a value that such a template asks for; may be given several times
  --packages <folder>       take kun's packages from tarballs in a folder; default: from the registry
  -y, --yes                 ask nothing; the same where there is no terminal
  -h, --help                this
  --version                 the version of create-kun, which is that of the packages it writes down

Examples:
  npm create kun@latest my-service
  npm create kun@latest @acme/orders -- --package acme.orders.v1 --yes
  npx create-kun my-service --template @acme/kun-template --set team=core

Exit codes: 0 done, 1 it cannot be done, and nothing was written, 2 wrong usage`;

/** Its options, for suggestions. */
export const CREATE_OPTIONS = [
  '--name',
  '--package',
  '--template',
  '--set',
  '--packages',
  '--yes',
  '--help',
  '--version',
];

/**
 * `create-kun [folder]`: writes a service into a new folder, completely or not at all.
 *
 * @throws {UsageError | ScaffoldError} with the reason.
 */
export async function createCommand(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args);
  if (positionals.length > 1) throw new UsageError(`${positionals[1]} is one argument too many`);
  const ask = values.yes ? undefined : terminal.ask;
  const place = positionals[0] ?? (await ask?.('Where to', 'my-service'));
  if (place === undefined) throw new UsageError('say where to: create-kun my-service');
  const { directory, wanted } = placeOf(place, terminal.cwd);
  checkEmpty(directory);

  const template = findTemplate(values.template, terminal.cwd);
  try {
    const { version, node } = ownPackage();
    const taken = takenNames(template);
    const name = await choose(
      values.name,
      ask,
      'Name of the package',
      wanted ?? likelyName(directory),
      (text) => nameProblem(text, taken),
    );
    const protoPackage = await choose(
      values.package,
      ask,
      'Proto package',
      likelyProtoPackage(name),
      protoPackageProblem,
    );
    const names = serviceNames(name, protoPackage);
    const all: Values = {
      ...(await variablesOf(template, settings(values.set), ask)),
      name,
      service: names.service,
      proto_package: names.protoPackage,
      proto_path: names.protoPath,
      proto_file: names.protoFile,
      lint_except: lintExcept(names.protoPackage),
      Proto: names.proto,
      kun: version,
      node,
    };
    const read = readTemplate(template.files, all);
    const files =
      values.packages === undefined
        ? read
        : takeLocalPackages(read, resolve(terminal.cwd, values.packages), { directory, version });
    fillDirectory(directory, (staging) => writeFiles(staging, files));
    if (!isNodeVersionInRange(process.version, node)) {
      terminal.error(
        `this is Node ${process.version}, and the service needs ${node}: change to another before the install`,
      );
    }
    const show = (line: string) => fill(line, all);
    tellNext(terminal, directory, files.length, template.next.map(show), template.elsewhere.map(show));
  } finally {
    template.dispose();
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      package: { type: 'string' },
      template: { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
      packages: { type: 'string' },
      yes: { type: 'boolean', short: 'y', default: false },
    },
  });
}

/** `@acme/orders` is a name, whose folder is `orders`; anything else is a path. */
function placeOf(place: string, cwd: string): { directory: string; wanted: string | undefined } {
  const scoped = /^@[^/\\]+\/([^/\\]+)$/.exec(place);
  if (scoped) return { directory: resolve(cwd, scoped[1] ?? ''), wanted: place };
  const directory = resolve(cwd, place);
  if (/[<>:"|?*]|\p{Cc}/u.test(basename(directory))) {
    throw new UsageError(`${JSON.stringify(place)} has characters that folders cannot have everywhere`);
  }
  return { directory, wanted: undefined };
}

/** An option is accepted or refused; a user at a terminal is asked again until the answer is valid. */
async function choose(
  option: string | undefined,
  ask: Terminal['ask'],
  question: string,
  fallback: string,
  problem: (text: string) => string | undefined,
): Promise<string> {
  let hint = '';
  for (let tries = 0; option === undefined && ask && tries < MAX_TRIES; tries++) {
    const answer = await ask(`${hint}${question}`, fallback);
    const wrong = problem(answer);
    if (wrong === undefined) return answer;
    hint = `${wrong}\n`;
  }
  const chosen = option ?? fallback;
  const wrong = problem(chosen);
  if (wrong !== undefined) throw new UsageError(wrong);
  return chosen;
}

const MAX_TRIES = 10;

function settings(given: readonly string[]): Map<string, string> {
  return new Map(
    given.map((setting) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
      if (key === undefined || value === undefined)
        throw new UsageError(`--set ${setting}: expected variable=value`);
      return [key, value];
    }),
  );
}

async function variablesOf(
  { variables }: Template,
  given: ReadonlyMap<string, string>,
  ask: Terminal['ask'],
): Promise<Values> {
  const unknown = [...given.keys()].find((key) => !Object.hasOwn(variables, key));
  if (unknown !== undefined) {
    const known = Object.keys(variables).join(', ');
    throw new UsageError(`the template asks for no ${unknown}${known === '' ? '' : `, but for ${known}`}`);
  }
  const values: Record<string, string> = {};
  for (const [key, variable] of Object.entries(variables)) {
    const pattern = new RegExp(`^(?:${variable.pattern ?? '[^\\r\\n]*'})$`);
    values[key] = await choose(given.get(key), ask, variable.question, variable.default, (text) =>
      pattern.test(text) ? undefined : `${JSON.stringify(text)} will not do for ${key}`,
    );
  }
  return values;
}

/** A package cannot have the same name as one of its dependencies. */
function takenNames(template: Template): string[] {
  const manifest = readTemplate(template.files, {}).find(({ path }) => path === 'package.json');
  if (!manifest) return [];
  try {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(manifest.content.toString()) as Record<
      string,
      object | undefined
    >;
    return Object.keys({ ...dependencies, ...devDependencies });
  } catch (cause) {
    throw new ScaffoldError('package.json of the template is not JSON', { cause });
  }
}

function tellNext(
  terminal: Terminal,
  directory: string,
  count: number,
  next: readonly string[],
  elsewhere: readonly string[],
): void {
  const manager = packageManagerOf(terminal.userAgent);
  const path = relative(terminal.cwd, directory);
  const enter = path === '' ? [] : [`cd ${/^[\w@./-]+$/.test(path) ? path : JSON.stringify(path)}`];
  const lines = [...enter, ...['npm install', ...next].map((line) => translate(line, manager))];
  terminal.out(`${count} files in ${join(directory)}. Next:\n`);
  for (const line of lines) terminal.out(`  ${line}`);
  if (elsewhere.length === 0) return;
  terminal.out('\nand from another terminal:\n');
  for (const line of elsewhere) terminal.out(`  ${translate(line, manager)}`);
}
