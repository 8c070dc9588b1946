import { parseArgs } from 'node:util';
import { CONTENDERS, type ContenderId } from './contenders.js';
import { PAGE_PROCESSES, PAGE_SECONDS } from './page.js';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.js';

/** What was asked for on the command line. */
export interface Options {
  readonly only: readonly ContenderId[] | undefined;
  readonly scenarios: readonly ScenarioName[];
  /** How often each contender's process is started for each scenario. */
  readonly processes: number;
  /** How long each process is measured. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly profile: ContenderId | undefined;
  /** How long what is held is replaced over and over, instead of measuring its memory once. */
  readonly churnSeconds: number | undefined;
  /** Only what docs/performance.md shows, and its tables at the end. */
  readonly page: boolean;
}

/**
 * Every contender grows cheaper for five to six seconds of this load, while V8 compiles on threads whose time is the
 * process's. A service runs for days.
 */
const WARM_UP_SECONDS = 6;

export const USAGE = `npm run bench -- [options]

  --page                what docs/performance.md shows, and its tables: 7 processes of each, 3 s; 25 minutes
  --quick               one process of each, measured for a second: whether it works, not how fast it is
  --only a,d            only these contenders
  --scenario unary      only these of ${SCENARIO_NAMES.join(', ')}
  --processes 5         how often each contender is started for each scenario
  --seconds 4           how long each process is measured
  --profile d           where one contender spends its time, instead of the table (with --scenario; default: unary)
  --churn 600           whether memory grows while what is held is replaced (with --scenario idle,open)

contenders:
${CONTENDERS.map(({ id, title }) => `  ${id}  ${title}`).join('\n')}
`;

/** @throws {TypeError} when an option is unknown or has no valid value; the message is meant for the user. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenario: { type: 'string' },
      processes: { type: 'string' },
      seconds: { type: 'string' },
      profile: { type: 'string' },
      churn: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const seconds =
    positive('--seconds', values.seconds) ?? (values.quick ? 1 : values.page ? PAGE_SECONDS : 4);
  return {
    only: values.only?.split(',').map((id) => oneOf('--only', id.trim(), ids())),
    scenarios: values.scenario
      ? values.scenario.split(',').map((name) => oneOf('--scenario', name.trim(), SCENARIO_NAMES))
      : values.profile
        ? ['unary']
        : SCENARIO_NAMES,
    processes: Math.ceil(
      positive('--processes', values.processes) ?? (values.quick ? 1 : values.page ? PAGE_PROCESSES : 5),
    ),
    seconds,
    warmUpSeconds: values.quick ? 0.7 : WARM_UP_SECONDS,
    page: values.page,
    churnSeconds: positive('--churn', values.churn),
    profile: values.profile === undefined ? undefined : oneOf('--profile', values.profile, ids()),
  };
}

function ids(): ContenderId[] {
  return CONTENDERS.map(({ id }) => id);
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new TypeError(`${option}: "${value}" is not one of ${allowed.join(', ')}`);
  return found;
}

function positive(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!(number > 0)) throw new TypeError(`${option}: expected a number above 0, found "${value}"`);
  return number;
}
