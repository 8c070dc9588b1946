import { resolve } from 'node:path';
import { ConfigError, formatProblem, type ConfigProblem } from '../report/config-error.js';
import type { CommandOptions } from './command-options.js';
import { findTargets, nameTarget, type Target } from './find-targets.js';
import { loadTarget } from './load-target.js';
import { printProblem } from './print-problem.js';
import { styled, UsageError, type Terminal } from './terminal.js';

/** `kun-config check`: validates the tree for every service, cluster and instance in it. */
export async function checkCommand(options: CommandOptions, terminal: Terminal): Promise<number> {
  const targets = (await findTargets(options.base)).filter((target) => isWanted(target, options));
  if (targets.length === 0)
    throw new UsageError(`there is no service below ${resolve(options.base, 'conf')}`);
  const problems = new Map<string, ConfigProblem>();
  const warnings = new Map<string, ConfigProblem>();
  const checked = [];
  for (const target of targets) {
    const found = await checkTarget(target, options, terminal);
    // Most mistakes are in a layer that several targets share.
    for (const problem of found.problems) problems.set(formatProblem(problem), problem);
    for (const warning of found.warnings) warnings.set(formatProblem(warning), warning);
    checked.push({ target: nameTarget(target), ok: found.problems.length === 0 });
  }
  const ok = problems.size === 0;
  if (options.json) {
    const report = {
      ok,
      targets: checked,
      problems: [...problems.values()],
      warnings: [...warnings.values()],
    };
    terminal.out(JSON.stringify(report, null, 2));
    return ok ? 0 : 1;
  }
  for (const problem of problems.values()) printProblem(problem, 'red', terminal.error, terminal);
  for (const warning of warnings.values()) printProblem(warning, 'yellow', terminal.error, terminal);
  for (const { target, ok: fine } of checked) {
    terminal.out(
      `${fine ? styled(terminal, 'green', 'ok    ') : styled(terminal, 'red', 'broken')} ${target}`,
    );
  }
  if (!ok) terminal.error(`${problems.size} ${problems.size === 1 ? 'problem' : 'problems'}`);
  return ok ? 0 : 1;
}

async function checkTarget(
  target: Target,
  options: CommandOptions,
  terminal: Terminal,
): Promise<{ problems: readonly ConfigProblem[]; warnings: readonly ConfigProblem[] }> {
  try {
    const { warnings } = await loadTarget(target, options, terminal);
    return { problems: [], warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // What a service as a whole lacks, each of its clusters may set; those are checked as well.
    const problems = error.problems.filter(({ code }) => !target.partial || code !== 'missing-value');
    return { problems, warnings: [] };
  }
}

function isWanted(target: Target, options: CommandOptions): boolean {
  return (['service', 'cluster', 'instance'] as const).every(
    (part) => options[part] === undefined || options[part] === target[part],
  );
}
