import { nearest } from '@kun/config';
import type { Surroundings } from './declare.js';
import { dialKeys, grpcDial, type GrpcDialSettings } from './keys/grpc-dial.js';
import { resolveRetryPolicy } from './keys/retry.js';
import type { UpstreamsSettings } from './keys/upstreams.js';
import { follow, type Live, type Source } from './live.js';
import type { RetryPolicy } from './keys/retry-policy.js';

/** The sections that determine an upstream's settings. */
export interface DialSections {
  readonly GRPCDial: GrpcDialSettings;
  readonly Upstreams: UpstreamsSettings;
}

/** Settings that may differ between methods. */
export interface ResolvedMethod {
  /** The timeout of a unary call; `undefined` for none. */
  readonly callTimeoutMs: number | undefined;
  readonly retry: RetryPolicy;
}

/** What an upstream has in addition to the keys of `GRPCDial`. */
interface Named {
  readonly name: string;
  /** Its target as written; `undefined` if not configured. */
  readonly target: string | undefined;
}

/** Methods with their own settings, by name in the proto. */
type Methods = ReadonlyMap<string, ResolvedMethod>;

/** An upstream's settings at one moment: its own over those of `GRPCDial`. */
export type UpstreamSnapshot = ReturnType<typeof grpcDial.read> & Named & { readonly methods: Methods };

/** An upstream's settings as its client uses them, with units in the names. */
export type ResolvedUpstream = ReturnType<typeof grpcDial.hold> & Named & { readonly methods: Live<Methods> };

/** Resolves the settings for calls to one upstream, which need not be named in the configuration. */
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

/** The settings in the form that may be kept. */
export function holdUpstream(source: Source<UpstreamSnapshot>): ResolvedUpstream {
  const { name, target } = source.now();
  const methods = follow({
    now: () => source.now().methods,
    onChange: (listener) => source.onChange(listener),
  });
  return { ...grpcDial.hold(source), name, target, methods };
}

/** The settings of one method of an upstream, at that moment. */
export function resolveMethod(upstream: UpstreamSnapshot, method: string): ResolvedMethod {
  const { callTimeoutMs, retry } = upstream;
  return upstream.methods.get(method) ?? { callTimeoutMs, retry: retry.policy };
}

/** The current settings of one method: read again for each call, or after each change. */
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
 * Names the entries of an upstream's `Methods` that do not exist, each with a suggestion; for the client, which knows
 * the proto.
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

/** `GRPCDial` as it applies to one upstream. */
export function dialSectionOf(settings: DialSections, name: string): GrpcDialSettings {
  const own = ownSettings(settings, name);
  if (!own) return settings.GRPCDial;
  const { Target: _target, Methods: _methods, TLS, Retry, ...same } = own;
  const { GRPCDial } = settings;
  return {
    ...override(GRPCDial, same),
    // A TLS section means that this upstream uses TLS, even if GRPCDial says plaintext.
    Insecure: own.Insecure ?? (TLS ? false : GRPCDial.Insecure),
    TLS: TLS ? override(GRPCDial.TLS ?? {}, TLS) : GRPCDial.TLS,
    Retry: override(GRPCDial.Retry, Retry),
  };
}

function ownSettings(settings: DialSections, name: string): UpstreamsSettings[string] | undefined {
  return Object.hasOwn(settings.Upstreams, name) ? settings.Upstreams[name] : undefined;
}

/** The outer section, overridden by the inner one key by key. */
function override<T extends object>(
  outer: T,
  inner: { readonly [K in keyof T]?: T[K] | undefined } | undefined,
): T {
  const said = Object.entries(inner ?? {}).filter(([, value]) => value !== undefined);
  return { ...outer, ...Object.fromEntries(said) };
}
