import { addCommand } from './add/add-command.js';
import { ADD_OPTIONS, addHelp, KINDS } from './add/add-help.js';
import { CREATE_HELP, CREATE_OPTIONS, createCommand } from './create/create-command.js';
import { meant } from './likely-word.js';
import { ownPackage } from './own-package.js';
import { InterruptedError, ScaffoldError, UsageError, type Terminal } from './terminal.js';

/** Runs the command line and returns the exit code: 0 success, 1 failure, 2 wrong usage, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  const adds = first === 'add';
  try {
    // After `--` comes a folder, whatever its name.
    const options = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined);
    if (options.some((arg) => arg === '--help' || arg === '-h')) {
      terminal.out(adds ? addHelp(KINDS.find((kind) => kind === rest[0])) : CREATE_HELP);
      return 0;
    }
    if (options.includes('--version')) {
      terminal.out(ownPackage().version);
      return 0;
    }
    await (adds ? addCommand(rest, terminal) : createCommand(args, terminal));
    return 0;
  } catch (error) {
    if (error instanceof InterruptedError) {
      terminal.error(`\ncreate-kun: ${error.message}`);
      return 130;
    }
    if (error instanceof ScaffoldError) {
      terminal.error(`create-kun: ${error.message}`);
      return 1;
    }
    if (error instanceof UsageError || isArgumentError(error)) {
      const known = adds ? [...ADD_OPTIONS.map(({ name }) => `--${name}`), '--help'] : CREATE_OPTIONS;
      terminal.error(`create-kun: ${explain(error, known)}; see create-kun ${adds ? 'add ' : ''}--help`);
      return 2;
    }
    throw error;
  }
}

/** Describes the mistake, with the likely option if the name is unknown. */
function explain({ message }: Error, known: readonly string[]): string {
  const unknown = /^Unknown option '([^']+)'/.exec(message)?.[1];
  return unknown === undefined ? message : `there is no option ${unknown}${meant(unknown, known)}`;
}

/** Whether `parseArgs` refused an unknown option. */
function isArgumentError(error: unknown): error is TypeError {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
