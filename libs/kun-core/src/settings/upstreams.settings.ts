import { nearest } from '@kun/config';
import { z } from 'zod';
import { readTarget } from '../grammar/target.js';
import {
  dialKeys,
  resolveCallTimeout,
  resolveDialSettings,
  type GrpcDialSettings,
  type ResolvedDialSettings,
} from './grpc-dial.settings.js';
import { override, overriding } from './overriding.js';
import type { RetryPolicy } from './retry-policy.js';
import { resolveRetryPolicy, retryKeys, retryPolicyKeys } from './retry.settings.js';
import { port, setting } from './setting.js';
import { clientTlsKeys } from './tls.settings.js';

/** A method of an upstream that differs from its others. */
const methodSettings = z.strictObject({
  ...overriding({ CallTimeout: dialKeys.CallTimeout }),
  Retry: z.strictObject(overriding(retryPolicyKeys)).optional(),
});

/** One upstream: each key says for it what the key of `GRPCDial` says for all. */
const upstreamSettings = z.strictObject({
  Target: setting(target().optional(), {
    description: 'Where the upstream is: host:port, or dns:, ipv4:, ipv6: or unix: as gRPC writes names',
    reload: 'restart',
  }),
  ...overriding(dialKeys),
  WithProxyPort: setting(port(0).optional(), {
    description: 'Dial the sidecar at this port; 0: dial directly, whatever GRPCDial says',
    unit: 'port',
    reload: 'restart',
  }),
  Retry: z.strictObject(overriding(retryKeys)).optional(),
  TLS: z.strictObject(clientTlsKeys).optional(),
  Methods: z.record(z.string(), methodSettings).default({}),
});

/** The section `Upstreams`, by the names that clients are registered under. */
export const upstreamsSettings = z.record(z.string(), upstreamSettings);

/** The section `Upstreams` as validated. */
export type UpstreamsSettings = z.output<typeof upstreamsSettings>;

/** The sections that decide what an upstream is like. */
export interface DialSections {
  readonly GRPCDial: GrpcDialSettings;
  readonly Upstreams: UpstreamsSettings;
}

/** An upstream as its client uses it: what it says itself, then what `GRPCDial` says; units in the names. */
export interface ResolvedUpstream extends ResolvedDialSettings {
  readonly name: string;
  /** Where it is, as written; `undefined` where the configuration does not say. */
  readonly target: string | undefined;
  /** Those that differ from the others, by their name in the proto. */
  readonly methods: ReadonlyMap<string, ResolvedMethod>;
}

/** What may differ between methods. */
export interface ResolvedMethod {
  /** Of a unary call, or `undefined` for none. */
  readonly callTimeoutMs: number | undefined;
  readonly retry: RetryPolicy;
}

/** Decides everything for the calls to one upstream, which need not be named in the configuration. */
export function resolveUpstream(
  settings: DialSections,
  name: string,
  facts: { readonly exporterConfigured: boolean },
): ResolvedUpstream {
  const own = ownSettings(settings, name);
  const section = dialSectionOf(settings, name);
  const methods = Object.entries(own?.Methods ?? {}).map(([method, said]): [string, ResolvedMethod] => [
    method,
    {
      callTimeoutMs: resolveCallTimeout(said.CallTimeout ?? section.CallTimeout),
      retry: resolveRetryPolicy(override(section.Retry, said.Retry)),
    },
  ]);
  return {
    ...resolveDialSettings(section, facts),
    name,
    target: own?.Target,
    methods: new Map(methods),
  };
}

/** What holds for one method of an upstream. */
export function resolveMethod(upstream: ResolvedUpstream, method: string): ResolvedMethod {
  return (
    upstream.methods.get(method) ?? { callTimeoutMs: upstream.callTimeoutMs, retry: upstream.retry.policy }
  );
}

/**
 * Names the entries of an upstream's `Methods` that it does not have, each with the likely one; for its client, which
 * knows the proto.
 */
export function unknownMethods(upstream: ResolvedUpstream, known: readonly string[]): string[] {
  return [...upstream.methods.keys()]
    .filter((method) => !known.includes(method))
    .map((method) => {
      const near = nearest(method, known);
      const remedy = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      return `Upstreams.${upstream.name}.Methods.${method} is no method of the upstream; ${remedy}`;
    });
}

/** `GRPCDial` as it holds for one upstream. */
export function dialSectionOf(settings: DialSections, name: string): GrpcDialSettings {
  const own = ownSettings(settings, name);
  if (!own) return settings.GRPCDial;
  const { Target: _target, Methods: _methods, TLS, Retry, ...same } = own;
  const { GRPCDial } = settings;
  return {
    ...override(GRPCDial, same),
    // A section TLS says that this upstream encrypts, even where GRPCDial says that upstreams do not.
    Insecure: own.Insecure ?? (TLS ? false : GRPCDial.Insecure),
    TLS: TLS ? override(GRPCDial.TLS ?? {}, TLS) : GRPCDial.TLS,
    Retry: override(GRPCDial.Retry, Retry),
  };
}

function ownSettings(settings: DialSections, name: string): UpstreamsSettings[string] | undefined {
  return Object.hasOwn(settings.Upstreams, name) ? settings.Upstreams[name] : undefined;
}

function target(): z.ZodString {
  return z.string().check(({ value, issues }) => {
    const reading = readTarget(value);
    if ('problem' in reading) issues.push({ code: 'custom', input: value, message: reading.problem });
  });
}
