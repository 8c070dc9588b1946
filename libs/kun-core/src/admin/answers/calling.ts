import type { MethodName } from './calls.js';

/** A field of a message. */
export interface FieldEntry {
  /** The name in JSON: lower camel case, or what the proto says. The proto's own is taken as well. */
  readonly name: string;
  /** `string`, `uint32`, …, or the full name of a message or an enum: then it is in `types`. */
  readonly type: string;
  readonly label?: 'repeated' | 'map' | 'required';
  /** Type of a map's keys. */
  readonly key?: string;
  /** The oneof it belongs to. */
  readonly oneof?: string;
  readonly comment?: string;
}

/** A message or an enum that some method's messages are made of. */
export interface TypeEntry {
  readonly name: string;
  readonly comment?: string;
  /** Of a message. */
  readonly fields?: readonly FieldEntry[];
  /** Of an enum: its names. */
  readonly values?: ReadonlyArray<{
    readonly name: string;
    readonly number: number;
    readonly comment?: string;
  }>;
}

/** A method that can be called. */
export interface MethodEntry extends MethodName {
  readonly name: string;
  readonly comment?: string;
  readonly deprecated?: true;
  /** Full names of the messages. */
  readonly request: string;
  readonly response: string;
  /** A request with every field, as JSON of protobuf. */
  readonly example: unknown;
  /** The example as a line for a terminal; `$GRPC` stands for host and port as the terminal reaches them. */
  readonly bufCurl: string;
}

/** `GET /methods`. */
export interface MethodsAnswer {
  readonly services: ReadonlyArray<{
    readonly name: string;
    readonly comment?: string;
    readonly methods: readonly MethodEntry[];
  }>;
  /** By full name. */
  readonly types: Readonly<Record<string, TypeEntry>>;
  /** Whether `buf curl` finds the schema by itself (`GRPCServer.Reflection`). */
  readonly reflection: boolean;
}

/** A name and a value; of names in `-bin` the value is base64. */
export type MetadataEntry = readonly [name: string, value: string];

/** Body of `POST /call`. */
export interface CallRequest {
  /** `/package.Service/Method`. */
  readonly method: string;
  /** As JSON of protobuf; one for a single request. Default: one empty message, none for a stream. */
  readonly messages?: readonly unknown[];
  /** Leaves a request stream open for `POST /call/{id}/messages`. Default false */
  readonly open?: boolean;
  readonly metadata?: readonly MetadataEntry[];
  /** Default 30 000 for unary calls and 600 000 for streams; 3 600 000 at most. */
  readonly timeoutMs?: number;
}

/**
 * `POST /call` answers these as they happen, each a line of JSON (`application/x-ndjson`): first `open`, then `headers`
 * and `message`s, last `end`. To close the connection is to cancel the call.
 *
 * Beside it `POST /call/{id}/messages` takes `{ "messages": [...] }`, `POST /call/{id}/half-close` ends the request stream,
 * and `DELETE /call/{id}` cancels: 204 each, 404 when the call is over.
 */
export type CallEvent =
  | (MethodName & {
      readonly type: 'open';
      readonly id: string;
      readonly requestId: string;
      /** When it is given up, in milliseconds since the epoch. */
      readonly deadline: number;
      /** What does the same in a terminal; credentials stand as `$NAME`. */
      readonly bufCurl: string;
    })
  | { readonly type: 'headers'; readonly metadata: readonly MetadataEntry[] }
  /** `index` counts from 0; `error` where the bytes are no such message. */
  | { readonly type: 'message'; readonly index: number; readonly message?: unknown; readonly error?: string }
  | {
      readonly type: 'end';
      readonly code: number;
      readonly codeName: string;
      readonly message: string;
      /** Details of google.rpc, as JSON. */
      readonly details: readonly unknown[];
      readonly trailers: readonly MetadataEntry[];
      readonly durationMs: number;
    };

/** The outcome of a call. */
export interface CollectedAnswer extends MethodName {
  readonly requestId: string;
  readonly code: number;
  readonly codeName: string;
  readonly message: string;
  /** Details of google.rpc, as JSON. */
  readonly details: readonly unknown[];
  /** As JSON of protobuf. */
  readonly messages: readonly unknown[];
  /** So many more came, for which there was no room. */
  readonly messagesLeftOut?: number;
  /** As many came as were wanted, and the rest was not waited for. */
  readonly cancelled?: true;
  readonly headers: readonly MetadataEntry[];
  readonly trailers: readonly MetadataEntry[];
  readonly durationMs: number;
}
