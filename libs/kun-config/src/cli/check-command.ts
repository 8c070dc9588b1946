import { resolve } from 'node:path';
import { ConfigError, formatProblem, type ConfigProblem } from '../report/config-error.js';
import { type CommandOptions, NO_SCHEMA, styled, UsageError, type Terminal } from './command.js';
import { findStrays, findTargets, nameTarget, type Target, loadTarget } from './targets.js';
import { printProblem } from './print.js';

/**
 * `kun-config check`: validates the tree for every service, cluster and instance in it. Without a schema there is
 * nothing to validate against, which must not look like success: it says so, and the exit code is 3.
 */
export async function checkCommand(options: CommandOptions, terminal: Terminal): Promise<number> {
  const targets = (await findTargets(options.base)).filter((target) => isWanted(target, options));
  const strays = await findStrays(options.base);
  if (targets.length === 0) {
    const beside = strays.map((stray) => `; ${stray}`).join('');
    throw new UsageError(`there is no service below ${resolve(options.base, 'conf')}${beside}`);
  }
  const problems = new Map<string, ConfigProblem>();
  const warnings = new Map<string, ConfigProblem>();
  const checked = [];
  let omitted = 0;
  for (const target of targets) {
    const found = await checkTarget(target, options, terminal);
    // Most mistakes are in a layer that several targets share.
    for (const problem of found.problems) problems.set(formatProblem(problem), problem);
    for (const warning of found.warnings)
      if (warning.code !== 'not-read') warnings.set(formatProblem(warning), warning);
    omitted += found.omitted;
    checked.push({ target: nameTarget(target), ok: found.problems.length === 0 });
  }
  const ok = problems.size === 0;
  const unchecked = options.schemas.length === 0;
  const code = ok ? (unchecked ? 3 : 0) : 1;
  if (options.json) {
    const report = {
      ok: ok && !unchecked,
      schemas: options.schemas.length,
      targets: checked,
      problems: [...problems.values()].slice(0, MAX_MACHINE),
      omitted: omitted + Math.max(0, problems.size - MAX_MACHINE),
      warnings: [...warnings.values()].slice(0, MAX_MACHINE),
      notRead: strays,
    };
    terminal.out(JSON.stringify(report, null, 2));
    return code;
  }
  const printed = [...problems.values()].slice(0, MAX_PRINTED);
  for (const problem of printed) printProblem(problem, 'red', terminal.error, terminal);
  for (const warning of [...warnings.values()].slice(0, MAX_PRINTED))
    printProblem(warning, 'yellow', terminal.error, terminal);
  for (const stray of strays.slice(0, MAX_PRINTED)) terminal.error(styled(terminal, 'yellow', stray));
  for (const { target, ok: fine } of checked) {
    const good = unchecked ? styled(terminal, 'yellow', 'syntax ok') : styled(terminal, 'green', 'ok    ');
    terminal.out(`${fine ? good : styled(terminal, 'red', 'broken')} ${target}`);
  }
  const total = problems.size + omitted;
  const more = total > printed.length ? `, of which the first ${printed.length} are shown` : '';
  if (!ok) terminal.error(`${total} ${total === 1 ? 'problem' : 'problems'}${more}`);
  if (unchecked) terminal.error(`only the syntax was checked, neither keys nor values; ${NO_SCHEMA}`);
  return code;
}

/** What a person reads, and what a program may have to hold. */
const MAX_PRINTED = 100;
const MAX_MACHINE = 1_000;

async function checkTarget(
  target: Target,
  options: CommandOptions,
  terminal: Terminal,
): Promise<{ problems: readonly ConfigProblem[]; warnings: readonly ConfigProblem[]; omitted: number }> {
  try {
    const { warnings } = await loadTarget(target, options, terminal);
    return { problems: [], warnings, omitted: 0 };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // What a service as a whole lacks, each of its clusters may set; those are checked as well.
    const problems = error.problems.filter(({ code }) => !target.partial || code !== 'missing-value');
    return { problems, warnings: [], omitted: error.omitted };
  }
}

function isWanted(target: Target, options: CommandOptions): boolean {
  return (['service', 'cluster', 'instance'] as const).every(
    (part) => options[part] === undefined || options[part] === target[part],
  );
}
