import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { PROTO_PATH, SERVICE, LOADER_OPTIONS } from './echo-proto.js';

export type ScenarioName = 'unary' | 'stream' | 'large';

/** One kind of call, made over and over. */
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
}

/** What every contender answers for its instance. */
export const INSTANCE = 'bench';

const STREAM_MESSAGES = 1000;

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
  };

export const SCENARIO_NAMES: readonly ScenarioName[] = ['unary', 'stream', 'large'];

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
