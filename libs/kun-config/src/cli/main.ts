import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => console.log(text),
  error: (text) => console.error(text),
  color: process.stdout.isTTY && process.stdout.hasColors(),
  cwd: process.cwd(),
  env: process.env,
});
