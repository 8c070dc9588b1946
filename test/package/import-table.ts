/**
 * Who may import whom inside `libs/kun-core/src`: arrows go one way. A folder may always import itself; specs may
 * import everything.
 */
export const CORE_TABLE: Readonly<Record<string, readonly string[]>> = (() => {
  const status = ['status', 'status/details', 'status/wire', 'status/thrown'];
  const vocabulary = ['clock', 'identity', 'settings', ...status];
  const traces = ['traces', 'traces/export'];
  const telemetry = ['logs', 'logs/output', 'metrics', ...traces];
  const calls = [...vocabulary, 'rpc', ...telemetry, 'recent', 'interceptors', 'retry', 'routing'];
  const proto = ['proto', 'proto/values', 'proto/codec', 'proto/files', 'proto/descriptor'];
  const wire = [...proto, 'tls', 'transport'];
  const sides = [...calls, ...wire, 'grammar', 'lifecycle'];
  const client = ['client', 'client/connection', 'client/call', 'client/upstreams'];
  const answer = ['server/call', 'server/answer'];
  const engines = ['server/port/grpc-js', 'server/port/kun'];
  const server = ['server', ...answer, 'server/answer/nest', 'server/port', ...engines];
  const parts = [...sides, ...server, ...client, 'admin', 'supervisor'];
  return {
    clock: [],
    // Whether this Node will do, before anything else is loaded.
    'node-version': [],
    // Peers that are loaded when the configuration asks for them.
    'optional-package': [],
    identity: [],
    // What a target is, and other texts that both the configuration and the code read.
    grammar: [],
    settings: ['grammar'],
    // A status and its error; its details; how both travel; and what becomes one when it is thrown.
    status: ['status/details'],
    'status/details': [],
    // What may go out as trailers is what may go out at all.
    'status/wire': ['status', 'status/details', 'transport'],
    'status/thrown': ['status', 'status/details', 'status/wire'],
    // Protos; certificates; connections and metadata: each knows nothing of the others.
    proto: ['proto/values', 'proto/codec', 'proto/files'],
    // The values of single fields; messages made of them; proto files; and what reflection tells of those.
    'proto/values': [],
    'proto/codec': ['proto/values'],
    'proto/files': ['proto/values'],
    'proto/descriptor': ['proto/files'],
    tls: [],
    transport: [],
    rpc: [...status, 'clock'],
    // What calls leave behind: metrics may know of logs, both of traces, none of them of who makes the calls.
    traces: ['traces/export', 'rpc', ...status, 'clock', 'identity', 'settings', 'optional-package'],
    // Spans on their way out of the process: knows of no call.
    'traces/export': ['clock'],
    // Lines as text, until they have left the process: knows of no call.
    'logs/output': ['optional-package'],
    logs: ['logs/output', ...traces, 'rpc', ...status, 'clock', 'identity', 'settings', 'grammar', ...proto],
    metrics: ['logs', ...traces, 'rpc', ...status, 'clock', 'identity', 'optional-package'],
    // For who looks at the admin port.
    recent: ['rpc', ...traces, ...status],
    // Message shapes are the proto's.
    interceptors: ['rpc', ...status, ...telemetry, 'recent', 'clock', 'settings', ...proto],
    // When a call is made again, and by whom.
    retry: ['rpc', ...status, 'clock', 'settings'],
    routing: ['rpc', 'settings', 'grammar'],
    lifecycle: ['clock', 'settings'],
    // The ordered default chain.
    server: sides,
    // A call and what goes back on it; knows neither who answers nor what carries it.
    'server/call': sides,
    // The four kinds of calls; and what of Nest stands between them and the handlers.
    'server/answer': [...sides, 'server/call'],
    'server/answer/nest': [...sides, ...answer],
    // The port and what is served on it; an engine carries calls, and knows nothing of the other nor of the port.
    'server/port/grpc-js': [...sides, 'server/call'],
    'server/port/kun': [...sides, 'server/call'],
    'server/port': [...sides, ...server],
    // The ordered default chain.
    client: sides,
    // Bytes and connections: knows of no call.
    'client/connection': sides,
    'client/call': [...sides, 'client/connection'],
    // What modules register, and the clients made of it.
    'client/upstreams': [...sides, ...client],
    // What is seen and done there is what the others let see and do.
    // An entry of its own: messages of protobuf-es, in what the protos of files have, and as types.
    'protobuf-es': [...proto, 'client/call'],
    // Another: rules of protos, which requests are held to.
    protovalidate: [...proto, ...status],
    admin: [...sides, 'server/call', 'server/port', 'client/upstreams', 'optional-package'],
    supervisor: ['lifecycle', 'admin', ...telemetry, 'settings'],
    // The module that a service imports, and what it provides.
    wiring: parts,
    // The application made of it: its start and its stop.
    app: [...parts, 'wiring'],
    // Assertions; a service, and what it calls; the entry.
    'testing/expect': ['traces/export', 'testing'],
    'testing/service': [...parts, 'wiring', 'app', 'optional-package', 'testing'],
    'testing/upstream': [...sides, ...server, 'testing/service'],
    testing: [
      'testing/expect',
      'testing/service',
      'testing/upstream',
      ...parts,
      'wiring',
      'app',
      'node-version',
      'optional-package',
    ],
    // The package's entry: what users see.
    index: [...parts, 'wiring', 'app', 'node-version', 'optional-package'],
  };
})();

/**
 * The same of `libs/kun-config/src`: its rooms in the order in which a configuration passes through them. Reading
 * knows of no schema, a schema of no report, loading of nothing that lives on, and Nest is met in one room only.
 */
export const CONFIG_TABLE: Readonly<Record<string, readonly string[]>> = (() => {
  const room = (name: string): string => `kun-config/${name}`;
  // Single files that all rooms use and that use nothing.
  const leaves = ['config-path', 'explained-error', 'nearest', 'plain-object', 'secret'];
  const rooms = ['files', 'schema', 'report', 'load', 'live', 'nest'];
  const allowed: Record<string, readonly string[]> = Object.fromEntries([
    ...leaves.map((leaf) => [leaf, []] as const),
    ...rooms.map((name, index) => [name, [...leaves, ...rooms.slice(0, index)]] as const),
    // The command loads and reports; it neither follows files nor starts Nest.
    ['cli', [...leaves, 'files', 'schema', 'report', 'load']],
    ['index', [...leaves, ...rooms]],
  ]);
  return Object.fromEntries(Object.entries(allowed).map(([name, to]) => [room(name), to.map(room)]));
})();

/** The same for the rooms of `libs/create-kun/src`. */
export const CREATE_TABLE: Readonly<Record<string, readonly string[]>> = {
  'create-kun/terminal': [],
  'create-kun/own-package': [],
  'create-kun/likely-word': [],
  'create-kun/node-version': [],
  'create-kun/ask': ['create-kun/terminal'],
  // New services.
  'create-kun/create': ['create-kun/terminal', 'create-kun/own-package', 'create-kun/node-version'],
  // Additions to those that are there: files of a template, too.
  'create-kun/add': [
    'create-kun/create',
    'create-kun/terminal',
    'create-kun/own-package',
    'create-kun/likely-word',
  ],
  'create-kun/run': [
    'create-kun/add',
    'create-kun/create',
    'create-kun/terminal',
    'create-kun/own-package',
    'create-kun/likely-word',
  ],
  'create-kun/main': ['create-kun/run', 'create-kun/ask'],
};

/** The same for the rooms of `libs/kun-wire/src`. */
export const WIRE_TABLE: Readonly<Record<string, readonly string[]>> = (() => {
  const protocols = ['kun-wire/hpack', 'kun-wire/frames', 'kun-wire/grpc'];
  const shared = ['kun-wire/hpack', 'kun-wire/frames', 'kun-wire/process'];
  const [limits, streams] = ['kun-wire/connection/limits', 'kun-wire/connection/streams'] as const;
  const rooms = [limits, streams, 'kun-wire/connection/receiving', 'kun-wire/connection/sending'];
  return {
    'kun-wire/hpack': [],
    'kun-wire/frames': [],
    // gRPC's own forms: nothing of connections is in them.
    'kun-wire/grpc': [],
    // What all connections of a process share.
    'kun-wire/process': ['kun-wire/frames'],
    // What a peer may cost, and how long it may take.
    'kun-wire/connection/limits': shared,
    // Streams as the connection keeps them: knows nothing of who reads and who writes.
    'kun-wire/connection/streams': shared,
    // What comes and what goes know nothing of each other.
    'kun-wire/connection/receiving': [...shared, limits, streams],
    'kun-wire/connection/sending': [...shared, limits, streams],
    // What both ends of a connection share.
    'kun-wire/connection': [...shared, ...rooms],
    'kun-wire/server': [...protocols, 'kun-wire/process', 'kun-wire/connection', ...rooms],
    'kun-wire/index': [...protocols, 'kun-wire/process', 'kun-wire/connection', ...rooms, 'kun-wire/server'],
  };
})();

/** An arrow the tables do not have, and why it is there all the same. */
export interface ArrowException {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Each must be in use: one that is not fails the test, so that this list only gets shorter. */
export const ARROW_EXCEPTIONS: readonly ArrowException[] = [];

/** The part of a path that the tables speak of, for a file of a package's `src`. */
export function folderOf(path: string): string | undefined {
  const wire = /^libs\/(kun-wire\/)src\/(connection\/[^/]+)\//.exec(path);
  const room = wire ?? /^libs\/((?:kun-(?:config|wire)|create-kun)\/)src\/([^/]+?)(?:\.ts$|\/)/.exec(path);
  if (room) return `${room[1]}${room[2]}`;
  const side =
    /^libs\/kun-core\/src\/((?:client|logs|proto|status|traces)\/[^/]+|server\/[^/]+(?:\/[^/]+)?)\//.exec(
      path,
    );
  if (side) return side[1];
  const inside = /^libs\/kun-core\/src\/(.+)\.ts$/.exec(path)?.[1];
  if (inside === undefined) return undefined;
  return inside.split('/')[0];
}

/** An import of types alone that closes a cycle, and why. */
export interface CycleException {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Each must be in use, and is refused for an import that is there at run time. */
export const CYCLE_EXCEPTIONS: readonly CycleException[] = [];

/** A file that is longer than the limit, and until when. */
export interface LengthException {
  readonly path: string;
  readonly lines: number;
  readonly reason: string;
}

/** How long a file may be; 150 is what to aim at. */
export const MAX_LINES = 250;

/** Each must be in use, and may not grow. */
export const LENGTH_EXCEPTIONS: readonly LengthException[] = [];

/** A variable of a module that changes, and why two applications do not disturb each other through it. */
export interface StateException {
  readonly path: string;
  readonly name: string;
  readonly reason: string;
}

/** Each must be in use. */
export const STATE_EXCEPTIONS: readonly StateException[] = [
  {
    path: 'libs/kun-core/src/status/details/detail-type.ts',
    name: 'root',
    reason: 'made on first use from constants, so that it costs nothing where no detail is sent',
  },
];
