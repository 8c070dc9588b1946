import { parseArgs } from 'node:util';
import { packageManagerOf, translate } from '../create/package-manager.js';
import { UsageError, type Terminal } from '../terminal.js';
import { addConfig } from './add-config.js';
import { ADD_OPTIONS, KINDS, type Kind } from './add-help.js';
import { addInterceptor } from './add-interceptor.js';
import { meant } from '../likely-word.js';
import { addRpc, type Streams } from './add-rpc.js';
import { addUpstream } from './add-upstream.js';
import { Project, type Added } from './project.js';

/**
 * `create-kun add rpc|upstream|config|interceptor <name>`, in the project around the working directory.
 *
 * @throws {UsageError | ScaffoldError} with the reason; nothing is changed then.
 */
export async function addCommand(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args);
  const [what, name, ...more] = positionals;
  if (what === undefined || name === undefined) throw new UsageError('say what to add, and its name');
  if (more[0] !== undefined) throw new UsageError(`${more[0]} is one argument too many`);
  const { service, stream, proto, target } = values;
  const kind = KINDS.find((each) => each === what);
  if (kind === undefined)
    throw new UsageError(`there is no ${what} to add, only ${KINDS.join(', ')}${meant(what, KINDS)}`);
  const foreign = ADD_OPTIONS.find(
    (option) => values[option.name as keyof typeof values] !== undefined && !option.of.includes(kind),
  );
  if (foreign) throw new UsageError(`--${foreign.name} has no effect for ${kind}`);

  const project = Project.around(terminal.cwd);
  const add: Readonly<Record<Kind, () => Added>> = {
    rpc: () => addRpc(project, name, { service, streams: streamsOf(stream) }),
    upstream: () =>
      addUpstream(project, name, { proto, service, target: target ?? 'localhost:50052' }, terminal.cwd),
    config: () => addConfig(project, name),
    interceptor: () => addInterceptor(project, name),
  };
  const added = add[kind]();
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
