import { resolve } from 'node:path';
import { ConfigError } from '../report/config-error.js';
import { formatPath, parsePath } from '../config-path.js';
import type { ExplainedValue } from '../report/explain-config.js';
import { nearest } from '../nearest.js';
import { type CommandOptions, UsageError, type Terminal } from './command.js';
import { findTargets, loadTarget } from './targets.js';
import { printExplained, printOne, samePath, printProblem } from './print.js';

/** `kun-config explain [key]`: where each value comes from. Returns the exit code, as all commands do. */
export async function explainCommand(
  key: string | undefined,
  options: CommandOptions,
  terminal: Terminal,
): Promise<number> {
  const service = options.service ?? (await onlyService(options.base));
  try {
    const config = await loadTarget({ ...options, service }, options, terminal);
    const values = config.explain(key);
    if (options.json) {
      terminal.out(JSON.stringify(values, null, 2));
      return 0;
    }
    const [first] = values;
    if (key !== undefined && !first) {
      const near = nearest(key, namesOf(config.explain()));
      terminal.error(
        `${key} has no value and no default${near === undefined ? '' : `; did you mean ${near}?`}`,
      );
      return 1;
    }
    if (key !== undefined && first && samePath(first.path, key)) printOne(first, terminal);
    else printExplained(values, terminal);
    for (const warning of config.warnings) printProblem(warning, 'yellow', terminal.error, terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (options.json) terminal.out(JSON.stringify({ problems: error.problems }, null, 2));
    else for (const problem of error.problems) printProblem(problem, 'red', terminal.error, terminal);
    return 1;
  }
}

/** Every key and every section around one. */
function namesOf(values: readonly ExplainedValue[]): Set<string> {
  const keys = values.map(({ path }) => parsePath(path));
  return new Set(keys.flatMap((parts) => parts.map((_, index) => formatPath(parts.slice(0, index + 1)))));
}

async function onlyService(base: string): Promise<string> {
  const services = [...new Set((await findTargets(base)).map(({ service }) => service))];
  const [only] = services;
  if (only !== undefined && services.length === 1) return only;
  const there =
    services.length === 0
      ? `there is none below ${resolve(base, 'conf')}`
      : `there are ${services.join(', ')}`;
  throw new UsageError(`name the service with --service or KUN_SERVICE; ${there}`);
}
