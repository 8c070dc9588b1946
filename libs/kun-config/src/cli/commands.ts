import { resolve } from 'node:path';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError, formatProblem, formatSource, type ConfigProblem } from '../config-error.js';
import { formatPath, parsePath } from '../config-path.js';
import { editorSchema } from '../editor-schema.js';
import type { ExplainedValue } from '../explain-config.js';
import { loadConfig } from '../load-config.js';
import { nearest } from '../nearest.js';
import { findTargets, nameTarget, type Target } from './find-targets.js';
import { printExplained, printOne, samePath } from './print-explained.js';
import { styled, UsageError, type Terminal } from './terminal.js';

/** What a command was called with. */
export interface CommandOptions {
  readonly base: string;
  readonly service?: string | undefined;
  readonly cluster?: string | undefined;
  readonly instance?: string | undefined;
  readonly schemas: readonly StandardSchemaV1[];
  readonly json: boolean;
  /** Whether what comes from outside must be there: variables and files. */
  readonly strict: boolean;
}

/** `kun-config explain [key]`: where each value comes from. Returns the exit code, as all commands do. */
export async function explainCommand(
  key: string | undefined,
  options: CommandOptions,
  terminal: Terminal,
): Promise<number> {
  const { base, cluster, instance, schemas } = options;
  const service = options.service ?? (await onlyService(base));
  const external = options.strict ? 'required' : 'tolerated';
  try {
    const config = await loadConfig({
      base,
      service,
      cluster,
      instance,
      schemas,
      env: terminal.env,
      external,
    });
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

/** `kun-config schema`: the JSON Schema of a file, for editors. */
export function schemaCommand(options: CommandOptions, terminal: Terminal): number {
  if (options.schemas.length === 0) throw new UsageError('name the schema with --schema');
  terminal.out(JSON.stringify(editorSchema(options.schemas), null, 2));
  return 0;
}

async function checkTarget(
  target: Target,
  { base, schemas, strict }: CommandOptions,
  terminal: Terminal,
): Promise<{ problems: readonly ConfigProblem[]; warnings: readonly ConfigProblem[] }> {
  const { service, cluster, instance, partial } = target;
  const external = strict ? 'required' : 'tolerated';
  try {
    const config = await loadConfig({
      base,
      service,
      cluster,
      instance,
      schemas,
      env: terminal.env,
      external,
    });
    return { problems: [], warnings: config.warnings };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // What a service as a whole lacks, each of its clusters may set; those are checked as well.
    const problems = error.problems.filter(({ code }) => !partial || code !== 'missing-value');
    return { problems, warnings: [] };
  }
}

function isWanted(target: Target, options: CommandOptions): boolean {
  return (['service', 'cluster', 'instance'] as const).every(
    (part) => options[part] === undefined || options[part] === target[part],
  );
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

function printProblem(
  problem: ConfigProblem,
  color: 'red' | 'yellow',
  print: (text: string) => void,
  terminal: Terminal,
): void {
  const [place = '', ...rest] = formatProblem(problem).split(': ');
  print(`${styled(terminal, color, place)}: ${rest.join(': ')}`);
  for (const line of formatSource(problem)) print(styled(terminal, 'dim', `  ${line}`));
}
