import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONTENDERS, type Contender } from './contenders.js';
import { churn, churnResult } from './churn.js';
import { machineFacts } from './machine.js';
import type { Verdict } from './contest.js';
import { measure } from './measure.js';
import { measureMemory } from './measure-memory.js';
import { readOptions, USAGE, type Options } from './options.js';
import { PAGE_CONTENDERS, pageTables } from './page.js';
import { leaveServerCore } from './pinned-process.js';
import { profileReport } from './profile.js';
import { memoryTable, table, type Measured } from './report.js';
import { scenarioOf, type Scenario } from './scenarios.js';

/** Where results and profiles are left. */
const OUTPUT = fileURLToPath(new URL('../results', import.meta.url));

const MS_PER_SECOND = 1000;

// So that what is under way cleans up behind itself.
process.once('SIGINT', () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | 'help';
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    print(USAGE);
    return 0;
  }
  leaveServerCore();
  mkdirSync(OUTPUT, { recursive: true });
  for (const fact of machineFacts()) print(fact);
  if (options.churnSeconds !== undefined) return churnAll(options, options.churnSeconds);
  return options.profile ? profile(options) : compare(options);
}

async function compare(options: Options): Promise<number> {
  const chosen = available(options);
  const { processes, seconds, warmUpSeconds } = options;
  print(
    `${processes} processes of each contender and scenario, each measured for ${seconds} s after ${warmUpSeconds} s; medians over processes\n`,
  );
  const results: Record<string, Record<string, readonly Verdict[]>> = {};
  const path = `${OUTPUT}/last.json`;
  const faults = new Set<string>();
  const packages = new Map<string, string>();
  for (const scenario of options.scenarios.map(scenarioOf)) {
    const contenders = chosen.filter(
      ({ id, scenarios }) =>
        scenarios.includes(scenario.name) && (!options.page || PAGE_CONTENDERS[scenario.name].includes(id)),
    );
    const compareBy = async <S extends Verdict>(
      measureOne: (contender: Contender) => Promise<S>,
      tableOf: (scenario: Scenario, measured: ReadonlyArray<Measured<S>>) => string,
    ): Promise<void> => {
      const measured = await rounds(contenders, scenario, options, faults, measureOne);
      print(`${tableOf(scenario, measured)}\n`);
      results[scenario.name] = Object.fromEntries(measured.map((one) => [one.contender.id, one.samples]));
    };
    const times = { warmUpMs: warmUpSeconds * MS_PER_SECOND, measureMs: seconds * MS_PER_SECOND };
    if (scenario.holds) await compareBy((contender) => measureMemory(contender, scenario), memoryTable);
    else await compareBy((contender) => measure(contender, scenario, times), table);
    // After each, so that a run that is broken off has not been for nothing.
    writeFileSync(path, JSON.stringify({ facts: machineFacts(), options, results }, undefined, 2));
    for (const { title, id } of contenders) {
      for (const sample of results[scenario.name]?.[id] ?? []) {
        for (const fault of sample.faults) faults.add(`${title}, ${scenario.name}: ${fault}`);
        for (const [name, version] of Object.entries(sample.packages)) {
          const other = packages.get(name);
          if (other !== undefined && other !== version) {
            faults.add(
              `${title} has ${name} ${version}, another contender ${other}: they are not comparable`,
            );
          }
          packages.set(name, version);
        }
      }
    }
  }
  if (options.page) print(`the tables of docs/performance.md:\n\n${pageTables(results)}\n`);
  print([...packages].map(([name, version]) => `${name} ${version}`).join(', '));
  print(`every process by itself: ${path}`);
  for (const fault of faults) print(`WRONG  ${fault}`);
  return faults.size > 0 ? 1 : 0;
}

/** One process of each contender after the other, so that what the machine does meanwhile meets all of them. */
async function rounds<S extends Verdict>(
  contenders: readonly Contender[],
  scenario: Scenario,
  { processes }: Options,
  faults: Set<string>,
  measureOne: (contender: Contender) => Promise<S>,
): Promise<Array<Measured<S>>> {
  const samples = new Map<Contender, S[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < processes; round++) {
    // Whoever comes first in a round is another one each time.
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length];
      if (!contender || !samples.has(contender)) continue;
      progress(`${scenario.name}: round ${round + 1} of ${processes}, ${contender.title}`);
      try {
        samples.get(contender)?.push(await measureOne(contender));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        faults.add(`${contender.title}, ${scenario.name}: ${message}`);
      }
    }
  }
  progress('');
  return [...samples]
    .filter(([, list]) => list.length > 0)
    .map(([contender, list]) => ({ contender, samples: list }));
}

async function profile(options: Options): Promise<number> {
  const contender = CONTENDERS.find(({ id }) => id === options.profile);
  if (!contender || contender.missing) {
    print(`${contender?.title} cannot run: ${contender?.missing}`);
    return 1;
  }
  let wrong = false;
  for (const scenario of options.scenarios.map(scenarioOf)) {
    const path = `${OUTPUT}/${contender.id}-${scenario.name}.cpuprofile`;
    const sample = await measure(contender, scenario, {
      warmUpMs: options.warmUpSeconds * MS_PER_SECOND,
      measureMs: options.seconds * MS_PER_SECOND,
      profilePath: path,
    });
    print(`\n${contender.title}, ${scenario.title}\n${profileReport(path, sample.cpuUs, scenario.unit)}`);
    print(`the whole profile, for a browser's developer tools: ${path}`);
    for (const fault of sample.faults) print(`WRONG  ${fault}`);
    wrong ||= sample.faults.length > 0;
  }
  return wrong ? 1 : 0;
}

async function churnAll(options: Options, seconds: number): Promise<number> {
  const held = options.scenarios.map(scenarioOf).filter(({ holds }) => holds !== undefined);
  let wrong = false;
  for (const scenario of held) {
    for (const contender of available(options).filter(({ scenarios }) => scenarios.includes(scenario.name))) {
      print(`${contender.title}, ${scenario.title}`);
      const sample = await churn(contender, scenario, { durationMs: seconds * MS_PER_SECOND, onMark: print });
      print(`${churnResult(contender, scenario, sample)}\n`);
      for (const fault of sample.faults) print(`WRONG  ${fault}`);
      wrong ||= sample.faults.length > 0;
    }
  }
  return wrong ? 1 : 0;
}

function available({ only }: Options): Contender[] {
  const chosen = CONTENDERS.filter(({ id }) => only === undefined || only.includes(id));
  for (const { title, missing } of chosen) if (missing) print(`left out: ${title}; ${missing}`);
  return chosen.filter(({ missing }) => missing === undefined);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One line that is written over, where somebody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
