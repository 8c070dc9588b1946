import { status } from '@grpc/grpc-js';
import * as fc from 'fast-check';

/** The methods of `kinds.proto`, one of each kind. */
export const KINDS = ['Unary', 'Watch', 'Collect', 'Chat'] as const;
export type Kind = (typeof KINDS)[number];

/** Metadata, several values of a name among it; those of names in `-bin` are in hexadecimal digits. */
export type Pairs = ReadonlyArray<readonly [name: string, value: string]>;

/** What a handler does with its call; it travels in the call's metadata. */
export interface HandlerScript {
  readonly headers: Pairs;
  /** Sizes of what it answers; a single response is the first. */
  readonly answers: readonly number[];
  /** Whether it reads a request stream to its end before it answers. */
  readonly readsFirst: boolean;
  readonly trailers: Pairs;
  /** How it ends; `waits` until nobody waits for it. */
  readonly end:
    'well' | 'waits' | { readonly code: number; readonly message: string; readonly detail: boolean };
}

/** A call: what its caller does, and what its handler. */
export interface CallScript {
  readonly kind: Kind;
  readonly metadata: Pairs;
  /** Sizes of its messages; a single request is the first. */
  readonly requests: readonly number[];
  readonly compressed: boolean;
  readonly slowReader: boolean;
  /** What a call whose handler waits is ended by; half-closed before or not. */
  readonly leaves: 'cancel' | 'deadline';
  readonly halfCloses: boolean;
  readonly deadline: boolean;
  readonly handler: HandlerScript;
}

const size = fc.oneof(
  { weight: 5, arbitrary: fc.nat(40) },
  { weight: 2, arbitrary: fc.integer({ min: 1000, max: 20_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 200_000 }) },
);
const text = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  maxLength: 30,
});
const plain = fc.tuple(fc.constantFrom('x-a', 'x-b', 'x-long.name_of-it'), text);
const binary = fc.tuple(
  fc.constantFrom('x-a-bin', 'x-b-bin'),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex')),
);
const pairs: fc.Arbitrary<Pairs> = fc.array(fc.oneof(plain, binary), { maxLength: 5 });
const failure = fc.record({
  code: fc.integer({ min: status.CANCELLED, max: status.UNAUTHENTICATED }),
  message: fc.string({ unit: 'binary', maxLength: 30 }),
  detail: fc.boolean(),
});

const handler: fc.Arbitrary<HandlerScript> = fc.record({
  headers: pairs,
  answers: fc.array(size, { maxLength: 6 }),
  readsFirst: fc.boolean(),
  trailers: pairs,
  end: fc.oneof(
    { weight: 4, arbitrary: fc.constant('well' as const) },
    { weight: 2, arbitrary: failure },
    { weight: 2, arbitrary: fc.constant('waits' as const) },
  ),
});

/** Any call. */
export const anyCall: fc.Arbitrary<CallScript> = fc.record({
  kind: fc.constantFrom(...KINDS),
  metadata: pairs,
  requests: fc.array(size, { minLength: 1, maxLength: 6 }),
  compressed: fc.boolean(),
  slowReader: fc.boolean(),
  leaves: fc.constantFrom('cancel' as const, 'cancel' as const, 'deadline' as const),
  halfCloses: fc.boolean(),
  deadline: fc.boolean(),
  handler,
});

/** A message's text of so many characters, that can be told from others. */
export function textOf(size: number, seq: number): string {
  return `${seq}:`.padEnd(size, 'kun ');
}
