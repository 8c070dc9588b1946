import { askOn } from './ask.js';
import { run } from './run.js';

const { stdin, stdout, env } = process;

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => console.log(text),
  error: (text) => console.error(text),
  cwd: process.cwd(),
  userAgent: env['npm_config_user_agent'] ?? '',
  ask: stdin.isTTY && stdout.isTTY ? askOn(stdin, stdout) : undefined,
});
