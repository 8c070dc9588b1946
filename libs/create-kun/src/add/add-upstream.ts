import { existsSync, readFileSync } from 'node:fs';
import { basename, relative, resolve, sep } from 'node:path';
import { fill } from '../create/fill-template.js';
import { ScaffoldError, UsageError } from '../terminal.js';
import { withEntry } from './list-lines.js';
import type { Added, Changes, Project } from './project.js';
import { outlineOf } from './proto-outline.js';
import { checkWord, pascal } from './words.js';

/** What the command line says about an upstream. */
export interface UpstreamToAdd {
  /** Its proto, relative to the working directory. Default: a minimal proto */
  readonly proto: string | undefined;
  /** The proto's service. Default: the only one */
  readonly service: string | undefined;
  /** Its address on a developer's machine. */
  readonly target: string;
}

const UPSTREAMS = 'src/upstreams.ts';

/**
 * Adds an upstream: its proto, and an entry in the list of upstreams.
 *
 * @throws {UsageError | ScaffoldError} with the reason; nothing is changed then.
 */
export function addUpstream(project: Project, name: string, wanted: UpstreamToAdd, cwd: string): Added {
  checkWord(name, 'an upstream');
  if (/['\\\s]/.test(wanted.target)) throw new UsageError(`${JSON.stringify(wanted.target)} is no target`);
  const { path, service, created } =
    wanted.proto === undefined
      ? firstProto(project, name)
      : ownProto(project, wanted, resolve(cwd, wanted.proto));
  const list = project.read(UPSTREAMS, 'the list of upstreams');
  if (list.includes(`name: '${name}'`)) throw new ScaffoldError(`${UPSTREAMS} has ${name} already`);
  const entry = `{ name: '${name}', service: '${service}', path: '${path}', includeDirs: ['proto'], target: '${wanted.target}' },`;
  const client = `${service.split('.').at(-1)}Client`;
  return {
    created,
    edited: new Map([[UPSTREAMS, withEntry(list, UPSTREAMS, 'upstreams', entry)]]),
    next: ['npm run proto', 'npm run format', 'npm test'],
    hint: `Inject it with @InjectClient('${name}') private readonly ${name}: ${client}, of src/gen/${path.replace(/\.proto$/, '.js')}; where it
is stands in conf/, Upstreams.${name}.Target.`,
  };
}

interface FoundProto {
  /** Relative to `proto/`. */
  readonly path: string;
  readonly service: string;
  readonly created: Changes;
}

function firstProto(project: Project, name: string): FoundProto {
  const snake = name.replaceAll('-', '_').toLowerCase();
  const values = {
    proto_package: `${snake}.v1`,
    proto_path: `${snake}/v1`,
    proto_file: snake,
    ProtoService: `${pascal(name)}Service`,
  };
  return {
    path: fill('__proto_path__/__proto_file__.proto', values),
    service: fill('__proto_package__.__ProtoService__', values),
    created: project.additions('upstream', values),
  };
}

function ownProto(project: Project, { service: wanted }: UpstreamToAdd, file: string): FoundProto {
  if (!existsSync(file)) throw new UsageError(`there is no ${file}`);
  const text = readFileSync(file, 'utf8');
  const { package: protoPackage, services } = outlineOf(text, file);
  const names = services.map(({ name }) => (protoPackage === '' ? name : `${protoPackage}.${name}`));
  const found = names.filter(
    (name) => wanted === undefined || name === wanted || name.endsWith(`.${wanted}`),
  );
  const [service] = found;
  if (service === undefined || found.length > 1) {
    const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    throw new UsageError(`name the service of ${file} with --service: ${there}`);
  }
  const inside = relative(resolve(project.root, 'proto'), file).split(sep).join('/');
  // Already in the project, so it stays where it is.
  if (!inside.startsWith('../') && !/^(?:[A-Za-z]:|\/)/.test(inside))
    return { path: inside, service, created: new Map() };
  const path = [...protoPackage.split('.').filter((part) => part !== ''), basename(file)].join('/');
  return { path, service, created: new Map([[`proto/${path}`, text]]) };
}
