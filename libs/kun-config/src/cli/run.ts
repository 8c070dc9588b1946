import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkCommand } from './check-command.js';
import { type CommandOptions, UsageError, type Terminal, NO_SCHEMA } from './command.js';
import { explainCommand } from './explain-command.js';
import { COMMANDS, helpOf, OPTIONS } from './help.js';
import { findSchemas, loadSchemas } from './load-schemas.js';
import { nearest } from '../nearest.js';
import { editorSchema } from '../schema/editor-schema.js';

/** Runs the command line and returns the exit code: 0 fine, 1 the configuration has problems, 2 wrong usage, 3 only
 * the syntax could be checked. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    const [command, key, ...more] = positionals;
    if (values.version) {
      terminal.out(await ownVersion());
      return 0;
    }
    if (values.help || command === undefined) {
      const known = COMMANDS.find((each) => each === command);
      if (command !== undefined && known === undefined) throw noCommand(command);
      terminal.out(helpOf(known));
      return command === undefined && !values.help ? 2 : 0;
    }
    if (more.length > 0 || (key !== undefined && command !== 'explain')) {
      throw new UsageError(`${more[0] ?? key} is one argument too many`);
    }
    const { env } = terminal;
    const base = resolve(terminal.cwd, values.base ?? (env['KUN_BASE'] || '.'));
    const options: CommandOptions = {
      base,
      service: values.service,
      cluster: values.cluster,
      instance: values.instance,
      schemas:
        values.schema.length > 0
          ? await loadSchemas(values.schema, terminal.cwd)
          : await findSchemas([base, terminal.cwd]),
      json: values.json,
      strict: values.strict,
    };
    switch (command) {
      case 'explain':
        return await explainCommand(
          key,
          {
            ...options,
            service: options.service ?? (env['KUN_SERVICE'] || undefined),
            cluster: options.cluster ?? env['KUN_CLUSTER'],
            instance: options.instance ?? env['KUN_INSTANCE'],
          },
          terminal,
        );
      case 'check':
        return await checkCommand(options, terminal);
      case 'schema':
        return schemaCommand(options, terminal);
      default:
        throw noCommand(command);
    }
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof TypeError)) throw error;
    terminal.error(`kun-config: ${error.message}; see kun-config --help`);
    return 2;
  }
}

/** @throws {UsageError} naming the option that there is not, and the likely one. */
function parse(args: readonly string[]): ReturnType<typeof declared> {
  try {
    return declared(args);
  } catch (error) {
    const unknown = /^Unknown option '([^']+)'/.exec(error instanceof Error ? error.message : '')?.[1];
    if (unknown === undefined) throw error;
    const near = nearest(
      unknown,
      OPTIONS.map(({ name }) => `--${name}`),
    );
    throw new UsageError(`there is no option ${unknown}${meant(near)}`, { cause: error });
  }
}

function noCommand(command: string): UsageError {
  return new UsageError(`there is no command ${command}${meant(nearest(command, COMMANDS))}`);
}

function meant(near: string | undefined): string {
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function declared(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      schema: { type: 'string', multiple: true, default: [] },
      base: { type: 'string' },
      service: { type: 'string' },
      cluster: { type: 'string' },
      instance: { type: 'string' },
      strict: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
    },
  });
}

/** `kun-config schema`: the JSON Schema of a file, for editors. */
function schemaCommand(options: CommandOptions, terminal: Terminal): number {
  if (options.schemas.length === 0) throw new UsageError(NO_SCHEMA);
  terminal.out(JSON.stringify(editorSchema(options.schemas), null, 2));
  return 0;
}

async function ownVersion(): Promise<string> {
  const file = join(import.meta.dirname, '../../package.json');
  const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  return version;
}
