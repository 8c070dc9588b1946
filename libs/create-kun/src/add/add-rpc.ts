import { ScaffoldError, UsageError } from '../terminal.js';
import { withExport } from './list-lines.js';
import type { Added, Project } from './project.js';
import { appended, outlineOf, withRpc, type ProtoService } from './proto-outline.js';
import { kebab } from './words.js';

/** Which side of a call is a stream. */
export type Streams = 'none' | 'request' | 'response' | 'both';

const HANDLERS = 'src/handlers.ts';

/**
 * Adds an RPC: its line and messages in the proto, a handler with its test, and an entry in the list of handlers.
 *
 * @throws {UsageError | ScaffoldError} with the reason; nothing is changed then.
 */
export function addRpc(
  project: Project,
  rpc: string,
  { service: wanted, streams }: { readonly service: string | undefined; readonly streams: Streams },
): Added {
  if (!/^[A-Z][A-Za-z0-9]*$/.test(rpc)) {
    throw new UsageError(
      `${JSON.stringify(rpc)} cannot be the name of an RPC: letters and digits, the first a capital`,
    );
  }
  const { path, text, service, protoPackage, messages } = findService(project, wanted);
  if (service.rpcs.includes(rpc)) throw new ScaffoldError(`${service.name} in ${path} has ${rpc} already`);
  const stream = (side: 'request' | 'response') => (streams === side || streams === 'both' ? 'stream ' : '');
  const line = `rpc ${rpc}(${stream('request')}${rpc}Request) returns (${stream('response')}${rpc}Response);`;
  const missing = [`${rpc}Request`, `${rpc}Response`].filter((name) => !messages.includes(name));
  const proto = appended(
    withRpc(text, service, line),
    missing.map((name) => `\nmessage ${name} {}\n`).join(''),
  );

  const file = kebab(rpc);
  const handlers = project.read(HANDLERS, 'the list of handlers');
  const created = project.additions('rpc', {
    Rpc: rpc,
    // As in Nest and ts-proto, only the first letter changes.
    method: methodOf(rpc),
    file,
    ProtoService: service.name,
    // The names that ts-proto generates.
    Implementation: `${service.name.replace(/Service$/, '')}ServiceImplementation`,
    Client: `${service.name}Client`,
    proto_package: protoPackage,
    gen: path.replace(/^proto\//, '').replace(/\.proto$/, ''),
    decorator: stream('request') === '' ? 'GrpcMethod' : 'GrpcStreamMethod',
    request_type: stream('request') === '' ? `${rpc}Request` : `AsyncIterable<${rpc}Request>`,
    response_type: stream('response') === '' ? `${rpc}Response` : `AsyncIterable<${rpc}Response>`,
    call: callOf(methodOf(rpc), streams),
  });
  return {
    created,
    edited: new Map([
      [path, proto],
      [HANDLERS, withExport(handlers, HANDLERS, `${rpc}Handler`, `./handlers/${file}.js`)],
    ]),
    next: ['npm run proto', 'npm run format', 'npm test'],
  };
}

function methodOf(rpc: string): string {
  return rpc.slice(0, 1).toLowerCase() + rpc.slice(1);
}

/** The code of a test that calls it and waits for its end. */
function callOf(method: string, streams: Streams): string {
  const argument = streams === 'none' || streams === 'response' ? '{}' : 'requests()';
  const requests =
    argument === '{}' ? '' : 'async function* requests() {\n        yield {};\n      }\n      ';
  if (streams === 'none') return `() => client.${method}({})`;
  if (streams === 'request')
    return `async () => {\n      ${requests}return client.${method}(requests());\n    }`;
  return `async () => {\n      ${requests}for await (const _ of client.${method}(${argument}));\n    }`;
}

interface FoundService {
  readonly path: string;
  readonly text: string;
  readonly service: ProtoService;
  readonly protoPackage: string;
  readonly messages: readonly string[];
}

/** The requested service, else the one that has handlers, since protos of upstreams may lie beside it. */
function findService(project: Project, wanted: string | undefined): FoundService {
  const all = project.list('proto', '.proto').flatMap((path): FoundService[] => {
    const text = project.read(path, 'a proto');
    const { package: protoPackage, services, messages } = outlineOf(text, path);
    return services.map((service) => ({ path, text, service, protoPackage, messages }));
  });
  const handled = new Set(
    project
      .list('src', '.ts')
      .flatMap((path) => [
        ...project.read(path, 'a source').matchAll(/@Grpc(?:Stream)?Method\(\s*['"](?:[\w.]+\.)?(\w+)['"]/g),
      ])
      .map(([, name = '']) => name),
  );
  const fits = ({ service: { name }, protoPackage }: FoundService) =>
    wanted === undefined ? handled.has(name) : name === wanted || `${protoPackage}.${name}` === wanted;
  const found = all.filter(fits);
  const [only] = found;
  if (only && found.length === 1) return only;
  const names = (found.length > 1 ? found : all).map(({ service, protoPackage }) =>
    protoPackage === '' ? service.name : `${protoPackage}.${service.name}`,
  );
  if (names.length === 0)
    throw new ScaffoldError(`there is no service in the protos below ${project.root}/proto`);
  throw new UsageError(`name the service with --service: ${names.join(', ')}`);
}
