/** An option, as `--help` shows it and the command line is read. */
interface Option {
  /** Without its dashes. */
  readonly name: string;
  /** What stands after it; none for a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly text: string;
  /** The commands that it means something for. */
  readonly of: readonly Command[];
}

/** The commands. */
export const COMMANDS = ['explain', 'check', 'schema'] as const;
export type Command = (typeof COMMANDS)[number];

/** Every option, once. */
export const OPTIONS: readonly Option[] = [
  {
    name: 'schema',
    value: '<module>',
    text: 'the schema: a path or package, and #name for an export; may be given several times; default: what "kun-config" in package.json lists',
    of: COMMANDS,
  },
  {
    name: 'base',
    value: '<directory>',
    text: 'the directory that holds conf/; default: KUN_BASE, then here',
    of: COMMANDS,
  },
  {
    name: 'service',
    value: '<name>',
    text: 'whose configuration; default: for explain KUN_SERVICE, then the only one there is; for check all',
    of: ['explain', 'check'],
  },
  {
    name: 'cluster',
    value: '<name>',
    text: 'the same; default: for explain KUN_CLUSTER, for check all',
    of: ['explain', 'check'],
  },
  {
    name: 'instance',
    value: '<name>',
    text: 'the same; default: for explain KUN_INSTANCE, for check all',
    of: ['explain', 'check'],
  },
  {
    name: 'strict',
    text: 'environment variables and files that values come from must be there; default: no',
    of: ['explain', 'check'],
  },
  { name: 'json', text: 'for machines; default: no', of: ['explain', 'check'] },
  { name: 'help', short: 'h', text: 'this', of: COMMANDS },
  { name: 'version', text: 'the version of @kun/config', of: [] },
];

const USAGE: Readonly<
  Record<
    Command,
    {
      readonly line: string;
      readonly what: string;
      readonly more: string;
      readonly examples: readonly string[];
    }
  >
> = {
  explain: {
    line: 'kun-config explain [key] [options]',
    what: 'where each value comes from and what it hides',
    more: 'All values, or those of one key or section, such as GRPCServer.Port or GRPCServer. Secrets are never shown.',
    examples: [
      'kun-config explain --cluster blue',
      'kun-config explain GRPCServer.Port --service shop --json',
    ],
  },
  check: {
    line: 'kun-config check [options]',
    what: 'validate the tree for every service, cluster and instance in it',
    more: 'Every problem with file, line and column, and the likely word where one is misspelt.',
    examples: ['kun-config check', 'kun-config check --base ../deploy --service shop --strict'],
  },
  schema: {
    line: 'kun-config schema [options]',
    what: 'print the JSON Schema of a file, for editors',
    more: 'Editors take it where a file begins with "# yaml-language-server: $schema=<path>", or by their settings.',
    examples: [
      'kun-config schema > conf.schema.json',
      "kun-config schema --schema '@kun/core#settingsSchema'",
    ],
  },
};

const EXIT_CODES: Readonly<Record<Command | 'all', readonly string[]>> = {
  explain: ['0 fine', '1 the configuration has problems, or the key has no value', '2 wrong usage'],
  check: [
    '0 fine',
    '1 the configuration has problems',
    '2 wrong usage',
    '3 no schema is known, only the syntax was looked at',
  ],
  schema: ['0 fine', '2 wrong usage'],
  all: [
    '0 fine',
    '1 the configuration has problems',
    '2 wrong usage',
    '3 no schema is known, so that check could look at the syntax only',
  ],
};

/** `kun-config --help`, or that of one command. */
export function helpOf(command?: Command): string {
  if (command === undefined) {
    const width = Math.max(...COMMANDS.map((each) => synopsis(each).length));
    return [
      'Usage: kun-config <command> [options]',
      '',
      ...COMMANDS.map((each) => `  ${synopsis(each).padEnd(width)}  ${USAGE[each].what}`),
      '',
      ...optionLines(OPTIONS),
      '',
      'Examples:',
      ...COMMANDS.map((each) => `  ${USAGE[each].examples[0]}`),
      '',
      `Exit codes: ${EXIT_CODES.all.join(', ')}`,
      'More of a command: kun-config <command> --help',
    ].join('\n');
  }
  const { line, what, more, examples } = USAGE[command];
  return [
    `Usage: ${line}`,
    '',
    `${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
    more,
    '',
    ...optionLines(OPTIONS.filter(({ of }) => of.includes(command))),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
    `Exit codes: ${EXIT_CODES[command].join(', ')}`,
  ].join('\n');
}

function synopsis(command: Command): string {
  return USAGE[command].line.replace(/^kun-config | \[options\]$/g, '');
}

const TEXT_WIDTH = 90;

function optionLines(options: readonly Option[]): string[] {
  const names = options.map(({ name, value, short }) =>
    [short === undefined ? '' : `-${short}, `, `--${name}`, value === undefined ? '' : ` ${value}`].join(''),
  );
  const width = Math.max(...names.map(({ length }) => length));
  return options.flatMap(({ text }, index) => {
    const [first = '', ...others] = wrapped(text);
    return [
      `  ${(names[index] ?? '').padEnd(width)}  ${first}`,
      ...others.map((each) => ' '.repeat(width + 4) + each),
    ];
  });
}

function wrapped(text: string): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= TEXT_WIDTH) return [...lines, word];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);
}
