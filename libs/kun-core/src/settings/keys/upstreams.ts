import { z } from 'zod';
import { readTarget } from '../../grammar/target.js';
import { documented } from '../declare.js';
import { schemasOf, type Declarations, type Schemas } from '../section.js';
import { port, text } from '../values.js';
import { dialKeys } from './grpc-dial.js';
import { retryKeys, retryPolicyKeys } from './retry.js';
import { clientTlsKeys } from './tls.js';

/** A method whose settings differ from the upstream's. */
const methodSettings = z.strictObject({
  ...overriding({ CallTimeout: dialKeys.CallTimeout }),
  Retry: z.strictObject(overriding(retryPolicyKeys)).optional(),
});

/** One upstream: each key overrides that of `GRPCDial`. */
const upstreamSettings = z.strictObject({
  Target: documented(text(targetProblem).optional(), {
    description: 'Address of the upstream: host:port, or a gRPC name with dns:, ipv4:, ipv6: or unix:',
    reload: 'restart',
  }),
  ...overriding(dialKeys),
  WithProxyPort: documented(port(0).optional(), {
    description: 'Dial the sidecar at this port; 0: dial directly, overriding GRPCDial',
    unit: 'port',
    reload: 'restart',
  }),
  Retry: z.strictObject(overriding(retryKeys)).optional(),
  TLS: z.strictObject(schemasOf(clientTlsKeys)).optional(),
  Methods: z.record(z.string(), methodSettings).default({}),
});

/** The section `Upstreams`, by client name. */
export const upstreams = z.record(z.string(), upstreamSettings);

/** The section `Upstreams` as validated. */
export type UpstreamsSettings = z.output<typeof upstreams>;

/** Schemas without defaults, so that an absent key keeps the outer section's value. */
type Overriding<S extends Readonly<Record<string, z.ZodType>>> = {
  [Name in keyof S]: z.ZodOptional<Bare<S[Name]>>;
};

type Bare<S> = S extends z.ZodDefault<infer Inner> | z.ZodOptional<infer Inner> ? Bare<Inner> : S;

function overriding<K extends Declarations>(keys: K): Overriding<Schemas<K>> {
  const entries = Object.entries(schemasOf(keys)).map(([name, schema]) => [
    name,
    bare(schema)
      .optional()
      .meta(schema.meta() ?? {}),
  ]);
  return Object.fromEntries(entries) as Overriding<Schemas<K>>;
}

function bare(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional) inner = inner.unwrap() as z.ZodType;
  return inner;
}

function targetProblem(value: string): string | undefined {
  const reading = readTarget(value);
  return 'problem' in reading ? reading.problem : undefined;
}
