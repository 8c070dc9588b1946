import type { ExplainedValue } from '../report/explain-config.js';
import { formatPath, parsePath } from '../config-path.js';
import { styled, type Terminal } from './command.js';
import { formatPlace, formatProblem, formatSource, type ConfigProblem } from '../report/config-error.js';
import type { LayerPlace } from '../report/origin.js';

/** Prints each key in one line: value, where it comes from, when a change takes effect; below it what it hides. */
export function printExplained(values: readonly ExplainedValue[], terminal: Terminal): void {
  const keyWidth = widest(
    values.map(({ path }) => path),
    MAX_KEY,
  );
  const shownWidth = widest(
    values.map(({ shown }) => shown),
    MAX_SHOWN,
  );
  const origins = values.map(originOf);
  const originWidth = widest(origins, MAX_ORIGIN);
  for (const [index, { path, shown, from, hid, reload }] of values.entries()) {
    const origin = origins[index] ?? '';
    const value = cut(shown, shownWidth);
    // The padding stays outside of the style, so that nothing trails a line.
    const line = [
      styled(terminal, 'bold', path) + ' '.repeat(Math.max(0, keyWidth - path.length)),
      styled(terminal, 'cyan', value) + ' '.repeat(Math.max(0, shownWidth - value.length)),
      (from === 'default' ? styled(terminal, 'dim', origin) : origin) +
        ' '.repeat(reload ? Math.max(0, originWidth - origin.length) : 0),
      reload === 'restart' ? styled(terminal, 'yellow', reload) : (reload ?? ''),
    ];
    terminal.out(line.join('  ').trimEnd());
    for (const hidden of hid) {
      const text = `${' '.repeat(keyWidth)}  hides ${cut(hidden.shown, shownWidth)} of ${place(hidden)}`;
      terminal.out(styled(terminal, 'dim', text));
    }
  }
}

/** The same for one key, with what the schema says of it. */
export function printOne(value: ExplainedValue, terminal: Terminal): void {
  terminal.out(`${styled(terminal, 'bold', value.path)} = ${styled(terminal, 'cyan', value.shown)}`);
  const effect = {
    live: 'a change takes effect at once',
    restart: 'a change takes effect at the next start',
  };
  const rows = [
    value.description,
    `from ${originOf(value)}`,
    ...value.hid.map((hidden) => `hides ${hidden.shown} of ${place(hidden)}`),
    value.reload && effect[value.reload],
  ];
  for (const row of rows) if (row !== undefined) terminal.out(`  ${row}`);
}

/** The keys below a section, as a person would ask for them. */
export function samePath(a: string, b: string): boolean {
  return formatPath(parsePath(a)) === formatPath(parsePath(b));
}

// Wider ones stick out: it is better to see them whole than all others far away.
const MAX_KEY = 48;
const MAX_SHOWN = 40;
const MAX_ORIGIN = 60;

function originOf({ from, place: at }: ExplainedValue): string {
  if (from !== 'default' && at) return place(at);
  return at ? `default, unset by ${place(at)}` : 'default';
}

function place(at: LayerPlace): string {
  const text = formatPlace(at);
  return at.layer === 'Environment' ? text : `${text} (${at.layer})`;
}

function widest(texts: readonly string[], most: number): number {
  return Math.max(0, ...texts.map((text) => text.length).filter((length) => length <= most));
}

function cut(text: string, width: number): string {
  const most = Math.max(width, MAX_SHOWN);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Prints a problem with its place coloured and its source line below. */
export function printProblem(
  problem: ConfigProblem,
  color: 'red' | 'yellow',
  print: (text: string) => void,
  terminal: Terminal,
): void {
  const [place = '', ...rest] = formatProblem(problem).split(': ');
  print(`${styled(terminal, color, place)}: ${rest.join(': ')}`);
  for (const line of formatSource(problem)) print(styled(terminal, 'dim', `  ${line}`));
}
