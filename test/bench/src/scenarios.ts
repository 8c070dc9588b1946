import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { heldConnections } from './machine.js';
import { PROTO_PATH, SERVICE, LOADER_OPTIONS } from './echo-proto.js';

export type ScenarioName =
  'unary' | 'mesh' | 'single' | 'medium' | 'tls' | 'stream' | 'large' | 'idle' | 'open';

/** One kind of call, made over and over; or connections and calls that are there and do nothing. */
export interface Scenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly definition: MethodDefinition<object, object>;
  readonly request: object;
  readonly responses: readonly object[];
  readonly connections: number;
  /** Calls in flight on each connection. */
  readonly inFlight: number;
  /** What the figures are per: calls, or the messages of a stream. */
  readonly unit: 'call' | 'message';
  readonly unitsPerCall: number;
  /** Each call has headers as a mesh sends them, new in each. Default: the same headers in all */
  readonly mesh?: boolean;
  /** Over TLS. Default: plain text */
  readonly tls?: boolean;
  /**
   * What is held while memory is looked at: connections, each after one call, or `inFlight` calls on each connection
   * that have begun and say nothing. Default: nothing, calls are made and measured
   */
  readonly holds?: 'connections' | 'streams';
}

/** What every contender answers for its instance. */
export const INSTANCE = 'bench';

const STREAM_MESSAGES = 1000;

const MEDIUM_TEXT_BYTES = 10 * 1024;

/** Connections, and streams, that are held. */
const HELD = 10_000;
const HELD_STREAMS_PER_CONNECTION = 100;

/** As near to 4 MiB as gRPC's default limit of 4 MiB lets a message with a field's tag and an instance be. */
const LARGE_TEXT = textOf(4 * 1024 * 1024 - 64);

const SCENARIOS: Readonly<Record<ScenarioName, Omit<Scenario, 'name' | 'definition'> & { method: string }>> =
  {
    unary: {
      title: 'small unary call',
      method: 'Echo',
      ...echo('hello'),
      connections: 4,
      inFlight: 16,
      unit: 'call',
      unitsPerCall: 1,
    },
    mesh: {
      title: "small unary call with a mesh's headers",
      method: 'Echo',
      ...echo('hello'),
      connections: 4,
      inFlight: 16,
      unit: 'call',
      unitsPerCall: 1,
      mesh: true,
    },
    single: {
      title: 'small unary call, one a connection',
      method: 'Echo',
      ...echo('hello'),
      connections: 64,
      inFlight: 1,
      unit: 'call',
      unitsPerCall: 1,
    },
    medium: {
      title: 'unary call of 10 KiB, answered with as much',
      method: 'Echo',
      ...echo(textOf(MEDIUM_TEXT_BYTES)),
      connections: 4,
      inFlight: 16,
      unit: 'call',
      unitsPerCall: 1,
    },
    tls: {
      title: 'small unary call over TLS',
      method: 'Echo',
      ...echo('hello'),
      connections: 4,
      inFlight: 16,
      unit: 'call',
      unitsPerCall: 1,
      tls: true,
    },
    stream: {
      title: `server stream of ${STREAM_MESSAGES} small messages`,
      method: 'Watch',
      request: { count: STREAM_MESSAGES },
      responses: Array.from({ length: STREAM_MESSAGES }, (_, index) => ({
        seq: String(index + 1),
        message: 'event',
      })),
      connections: 4,
      inFlight: 1,
      unit: 'message',
      unitsPerCall: STREAM_MESSAGES,
    },
    large: {
      title: 'unary call of 4 MiB, answered with as much',
      method: 'Echo',
      ...echo(LARGE_TEXT),
      connections: 2,
      inFlight: 1,
      unit: 'call',
      unitsPerCall: 1,
    },
    idle: {
      title: 'connections that do nothing, each after one small call',
      method: 'Echo',
      ...echo('hello'),
      connections: heldConnections(HELD),
      inFlight: 1,
      unit: 'call',
      unitsPerCall: 1,
      holds: 'connections',
    },
    open: {
      title: 'streams that are open and say nothing',
      method: 'Chat',
      request: {},
      responses: [],
      connections: HELD / HELD_STREAMS_PER_CONNECTION,
      inFlight: HELD_STREAMS_PER_CONNECTION,
      unit: 'call',
      unitsPerCall: 1,
      holds: 'streams',
    },
  };

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[];

export function scenarioOf(name: ScenarioName): Scenario {
  const { method, ...scenario } = SCENARIOS[name];
  const service = loadSync(PROTO_PATH, LOADER_OPTIONS)[SERVICE] as Record<
    string,
    MethodDefinition<object, object>
  >;
  const definition = service[method];
  if (!definition) throw new Error(`${SERVICE} in ${PROTO_PATH} has no method ${method}`);
  return { name, definition, ...scenario };
}

function echo(message: string): Pick<Scenario, 'request' | 'responses'> {
  return { request: { message }, responses: [{ message, instance: INSTANCE }] };
}

/** Of words, so that a piece that went astray is seen. */
function textOf(length: number): string {
  let text = '';
  for (let word = 0; text.length < length; word++) text += `${word.toString(36)} `;
  return text.slice(0, length);
}
