import { nearest } from '@kun/config';
import type { Surroundings } from './declare.js';
import { dialKeys, grpcDial, type GrpcDialSettings } from './keys/grpc-dial.js';
import { resolveRetryPolicy } from './keys/retry.js';
import type { UpstreamsSettings } from './keys/upstreams.js';
import { follow, type Live, type Source } from './live.js';
import type { RetryPolicy } from './keys/retry-policy.js';

/** The sections that decide what an upstream is like. */
export interface DialSections {
  readonly GRPCDial: GrpcDialSettings;
  readonly Upstreams: UpstreamsSettings;
}

/** What may differ between methods. */
export interface ResolvedMethod {
  /** Of a unary call, or `undefined` for none. */
  readonly callTimeoutMs: number | undefined;
  readonly retry: RetryPolicy;
}

/** What an upstream has besides the keys of `GRPCDial`. */
interface Named {
  readonly name: string;
  /** Where it is, as written; `undefined` where the configuration does not say. */
  readonly target: string | undefined;
}

/** Methods that differ from the others, by their name in the proto. */
type Methods = ReadonlyMap<string, ResolvedMethod>;

/** An upstream as it is at one moment: what it says itself, then what `GRPCDial` says. */
export type UpstreamSnapshot = ReturnType<typeof grpcDial.read> & Named & { readonly methods: Methods };

/** An upstream as its client uses it; units in the names. */
export type ResolvedUpstream = ReturnType<typeof grpcDial.hold> & Named & { readonly methods: Live<Methods> };

/** Decides everything for the calls to one upstream, which need not be named in the configuration. */
export function resolveUpstream(
  settings: DialSections,
  name: string,
  surroundings: Surroundings,
): UpstreamSnapshot {
  const own = ownSettings(settings, name);
  const section = dialSectionOf(settings, name);
  const methods = Object.entries(own?.Methods ?? {}).map(([method, said]): [string, ResolvedMethod] => [
    method,
    {
      callTimeoutMs: dialKeys.CallTimeout.read(said.CallTimeout ?? section.CallTimeout, surroundings),
      retry: resolveRetryPolicy(override(section.Retry, said.Retry)),
    },
  ]);
  return { ...grpcDial.read(section, surroundings), name, target: own?.Target, methods: new Map(methods) };
}

/** The same to be kept. */
export function holdUpstream(source: Source<UpstreamSnapshot>): ResolvedUpstream {
  const { name, target } = source.now();
  const methods = follow({
    now: () => source.now().methods,
    onChange: (listener) => source.onChange(listener),
  });
  return { ...grpcDial.hold(source), name, target, methods };
}

/** What holds for one method of an upstream at a moment. */
export function resolveMethod(upstream: UpstreamSnapshot, method: string): ResolvedMethod {
  const { callTimeoutMs, retry } = upstream;
  return upstream.methods.get(method) ?? { callTimeoutMs, retry: retry.policy };
}

/** What holds for one method now: to be asked again for each call, or after each change. */
export function currentMethod(upstream: ResolvedUpstream, method: string): ResolvedMethod {
  const { callTimeoutMs, retry } = upstream;
  return (
    upstream.methods.current.get(method) ?? {
      callTimeoutMs: callTimeoutMs.current,
      retry: retry.policy.current,
    }
  );
}

/**
 * Names the entries of an upstream's `Methods` that it does not have, each with the likely one; for its client, which
 * knows the proto.
 */
export function unknownMethods(
  { name, methods }: { readonly name: string; readonly methods: Methods },
  known: readonly string[],
): string[] {
  return [...methods.keys()]
    .filter((method) => !known.includes(method))
    .map((method) => {
      const near = nearest(method, known);
      const remedy = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      return `Upstreams.${name}.Methods.${method} is not a method of the upstream; ${remedy}`;
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

/** The outer section with what the inner one says instead, key by key. */
function override<T extends object>(
  outer: T,
  inner: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const said = Object.entries(inner ?? {}).filter(([, value]) => value !== undefined);
  return { ...outer, ...Object.fromEntries(said) };
}
