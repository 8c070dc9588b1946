import { formatProblem, formatSource, type ConfigProblem } from '../report/config-error.js';
import { styled, type Terminal } from './terminal.js';

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
