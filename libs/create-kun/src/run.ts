import { ADD_HELP, addCommand } from './add/add-command.js';
import { CREATE_HELP, createCommand } from './create/create-command.js';
import { ownPackage } from './own-package.js';
import { InterruptedError, ScaffoldError, UsageError, type Terminal } from './terminal.js';

/** Runs the command line and returns the exit code: 0 done, 1 it cannot be done, 2 called wrongly, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = args;
  const adds = first === 'add';
  try {
    // After `--` stands a folder, whatever it is called.
    const options = args.slice(0, args.includes('--') ? args.indexOf('--') : undefined);
    if (options.some((arg) => arg === '--help' || arg === '-h')) {
      terminal.out(adds ? ADD_HELP : CREATE_HELP);
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
      terminal.error(`create-kun: ${error.message}; see create-kun ${adds ? 'add ' : ''}--help`);
      return 2;
    }
    throw error;
  }
}

/** What `parseArgs` says of an option that there is not. */
function isArgumentError(error: unknown): error is TypeError {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
