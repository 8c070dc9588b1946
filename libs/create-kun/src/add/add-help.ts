/** What can be added. */
export const KINDS = ['rpc', 'upstream', 'config', 'interceptor'] as const;
export type Kind = (typeof KINDS)[number];

/** Options of `create-kun add`: the placeholder for the value, and the kinds that they apply to. */
export const ADD_OPTIONS: ReadonlyArray<{
  readonly name: string;
  readonly value: string;
  readonly text: string;
  readonly of: readonly Kind[];
}> = [
  {
    name: 'service',
    value: '<name>',
    text: 'the service of the proto, where there are several',
    of: ['rpc', 'upstream'],
  },
  {
    name: 'stream',
    value: '<side>',
    text: 'request, response or both; default: none of them streams',
    of: ['rpc'],
  },
  {
    name: 'proto',
    value: '<file>',
    text: 'its proto, which is copied; default: one to begin with',
    of: ['upstream'],
  },
  {
    name: 'target',
    value: '<host:port>',
    text: 'where it is on your machine; default: localhost:50052',
    of: ['upstream'],
  },
];

const USAGE: Readonly<
  Record<Kind, { readonly name: string; readonly what: string; readonly examples: readonly string[] }>
> = {
  rpc: {
    name: '<ListThings>',
    what: 'its line in the proto, a handler and a test',
    examples: ['create-kun add rpc ListThings', 'create-kun add rpc Watch --stream response'],
  },
  upstream: {
    name: '<stock>',
    what: 'a service that this one calls',
    examples: ['create-kun add upstream stock --proto ../stock/proto/acme/stock/v1/stock.proto'],
  },
  config: {
    name: '<Limits>',
    what: 'a section of the configuration',
    examples: ['create-kun add config Limits'],
  },
  interceptor: {
    name: '<slow-calls>',
    what: 'what each call goes through, and a test',
    examples: ['create-kun add interceptor slow-calls'],
  },
};

const EXIT_CODES = 'Exit codes: 0 done, 1 it cannot be done, and nothing was changed, 2 wrong usage';

/** The text of `create-kun add --help`, or of the help for one kind. */
export function addHelp(kind?: Kind): string {
  if (kind !== undefined) {
    const { name, what, examples } = USAGE[kind];
    const options = optionLines(ADD_OPTIONS.filter(({ of }) => of.includes(kind)));
    return [
      `Usage: create-kun add ${kind} ${name} [options]`,
      '',
      `Adds ${what}. Run it in the project or below.`,
      '',
      ...options,
      '',
      'Examples:',
      ...examples.map((example) => `  npx ${example}`),
      '',
      EXIT_CODES,
    ].join('\n');
  }
  const synopses = KINDS.map((each) => `${each} ${USAGE[each].name}`);
  const width = Math.max(...synopses.map(({ length }) => length));
  return [
    'Usage: create-kun add <what> <name> [options]',
    '',
    ...KINDS.map((each, index) => `  ${(synopses[index] ?? '').padEnd(width)}  ${USAGE[each].what}`),
    '',
    'It writes new files and a line of those that list them, or nothing and says why.',
    '',
    ...optionLines(ADD_OPTIONS, true),
    '',
    'Examples:',
    ...KINDS.map((each) => `  npx ${USAGE[each].examples[0]}`),
    '',
    EXIT_CODES,
  ].join('\n');
}

function optionLines(options: typeof ADD_OPTIONS, ofWhich = false): string[] {
  const rows = [
    ...options.map(({ name, value, text, of }) => [
      `--${name} ${value}`,
      ofWhich ? `${of.join(', ')}: ${text}` : text,
    ]),
    ['-h, --help', 'this'],
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  return rows.map(([name = '', text]) => `  ${name.padEnd(width)}  ${text}`);
}
