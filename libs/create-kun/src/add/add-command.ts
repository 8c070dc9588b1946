import { parseArgs } from 'node:util';
import { packageManagerOf, translate } from '../create/package-manager.js';
import { UsageError, type Terminal } from '../terminal.js';
import { addConfig } from './add-config.js';
import { addInterceptor } from './add-interceptor.js';
import { addRpc, type Streams } from './add-rpc.js';
import { addUpstream } from './add-upstream.js';
import { Project, type Added } from './project.js';

/** `create-kun add --help`. */
export const ADD_HELP = `create-kun add rpc <ListThings>         its line in the proto, a handler and a test
create-kun add upstream <stock>         a service that this one calls
create-kun add config <Limits>          a section of the configuration
create-kun add interceptor <slow-calls> what each call goes through, and a test

It writes new files and a line of those that list them, or nothing and says why.

  --service <name>          rpc, upstream: the service of the proto, where there are several
  --stream <side>           rpc: request, response or both
  --proto <file>            upstream: its proto, which is copied; default one to begin with
  --target <host:port>      upstream: where it is on your machine; default localhost:50052
  -h, --help                this

Exit codes: 0 done, 1 it cannot be done, and nothing was changed, 2 called wrongly`;

/**
 * `create-kun add rpc|upstream|config|interceptor <name>`, in the project around the working directory.
 *
 * @throws {UsageError | ScaffoldError} with what is in the way; nothing is changed then
 */
export async function addCommand(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args);
  const [what, name, ...more] = positionals;
  if (what === undefined || name === undefined) throw new UsageError('say what to add, and its name');
  if (more[0] !== undefined) throw new UsageError(`${more[0]} is one argument too many`);
  const { service, stream, proto, target, ...none } = values;
  const allowed = {
    rpc: ['service', 'stream'],
    upstream: ['service', 'proto', 'target'],
    config: [],
    interceptor: [],
  };
  if (!(what in allowed))
    throw new UsageError(`there is no ${what} to add, but ${Object.keys(allowed).join(', ')}`);
  const foreign = Object.entries({ service, stream, proto, target, ...none }).find(
    ([option, value]) =>
      value !== undefined && !allowed[what as keyof typeof allowed].includes(option as never),
  );
  if (foreign) throw new UsageError(`--${foreign[0]} means nothing for ${what}`);

  const project = Project.around(terminal.cwd);
  const add: Readonly<Record<string, () => Added>> = {
    rpc: () => addRpc(project, name, { service, streams: streamsOf(stream) }),
    upstream: () =>
      addUpstream(project, name, { proto, service, target: target ?? 'localhost:50052' }, terminal.cwd),
    config: () => addConfig(project, name),
    interceptor: () => addInterceptor(project, name),
  };
  const added = add[what]?.();
  if (!added) return;
  project.apply(added.created, added.edited);

  const manager = packageManagerOf(terminal.userAgent);
  for (const path of added.created.keys()) terminal.out(`new      ${path}`);
  for (const path of added.edited.keys()) terminal.out(`changed  ${path}`);
  if (added.hint !== undefined) terminal.out(`\n${added.hint}`);
  terminal.out('\nNext:\n');
  for (const line of added.next) terminal.out(`  ${translate(line, manager)}`);
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      service: { type: 'string' },
      stream: { type: 'string' },
      proto: { type: 'string' },
      target: { type: 'string' },
    },
  });
}

function streamsOf(side: string | undefined): Streams {
  if (side === undefined) return 'none';
  if (side === 'request' || side === 'response' || side === 'both') return side;
  throw new UsageError(`--stream ${side}: expected request, response or both`);
}
