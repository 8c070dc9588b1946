/**
 * Attacks echo, on the engine kun and with kun's whole chain, with each attack of `attacks.ts`, and prints the results:
 * `npm run attacks -- --seconds 12 rapid-reset gzip`, or all of them if none is named. The exit code is 1 if a limit is exceeded.
 */
import { parseArgs } from 'node:util';
import { ATTACKS, attackNamed } from './attacks.ts';
import { failuresOf, table } from './report.ts';
import { runAttack, type Outcome } from './run-attack.ts';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string' } },
  allowPositionals: true,
});
const attacks = positionals.length > 0 ? positionals.map(attackNamed) : ATTACKS;
const outcomes: Outcome[] = [];
for (const attack of attacks) {
  const outcome = await runAttack(attack, Number(values.seconds ?? attack.seconds ?? 8));
  outcomes.push(outcome);
  process.stderr.write(`${table([outcome]).split('\n').at(-1)}\n`);
}
process.stdout.write(`${table(outcomes)}\n`);
const failures = outcomes.flatMap(failuresOf);
for (const failure of failures) process.stdout.write(`NOT MET: ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
