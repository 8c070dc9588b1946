import { nearest, type ConfigFinding, type ConfigPath } from '@kun/config';
import { status } from '@grpc/grpc-js';
import type { GrpcDialSettings } from './keys/grpc-dial.js';
import { resolveRetryPolicy } from './keys/retry.js';
import { dialSectionOf, type DialSections } from './upstream.js';

/** Codes without an equivalent in Envoy (`x-envoy-retry-grpc-on`), which cannot be left to the mesh. */
const MESH_CODES: readonly status[] = [
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
  status.UNAVAILABLE,
];

/**
 * Finds what is wrong or without effect in `GRPCDial` and `Upstreams`.
 *
 * @param registered the names of the clients; `undefined` while they are unknown
 */
export function checkUpstreams(
  settings: DialSections,
  registered: readonly string[] | undefined,
): ConfigFinding[] {
  const findings = checkSection(['GRPCDial'], settings.GRPCDial, settings.GRPCDial);
  for (const [name, own] of Object.entries(settings.Upstreams)) {
    const path = ['Upstreams', name];
    if (registered && !registered.includes(name)) findings.push(unknownUpstream(name, settings, registered));
    else findings.push(...checkSection(path, own, dialSectionOf(settings, name)));
  }
  if (registered?.length === 0 && settings.GRPCDial.WithProxyPort !== undefined) {
    findings.push(
      warning(['GRPCDial', 'WithProxyPort'], 'has no effect: this service has no upstream; remove the key'),
    );
  }
  return findings;
}

/**
 * A layer shared by several services may name upstreams of others, so most of these are warnings. A name similar to
 * that of a client without a section is a typo: the client would be left without its target.
 */
function unknownUpstream(name: string, settings: DialSections, registered: readonly string[]): ConfigFinding {
  const path = ['Upstreams', name];
  const without = registered.filter((each) => !Object.hasOwn(settings.Upstreams, each));
  const near = nearest(name, without);
  if (near !== undefined) {
    return {
      path: pathOf(path),
      message: `is not a client of this service; did you mean Upstreams.${near}?`,
      severity: 'error',
    };
  }
  return warning(
    path,
    `has no effect: no client of this name is registered; ${registered.length === 0 ? 'there are none' : `registered are ${registered.join(', ')}`}`,
  );
}

/** The keys that both `GRPCDial` and an upstream may have. */
type SaidKeys = Partial<Pick<GrpcDialSettings, 'Insecure' | 'TLS' | 'LoadBalancing'>> & {
  readonly Retry?: Partial<GrpcDialSettings['Retry']> | undefined;
};

/** `said` is what is written at the path, `section` what is in effect there. */
function checkSection(path: readonly string[], said: SaidKeys, section: GrpcDialSettings): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const { TLS } = section;
  if (said.TLS && section.Insecure) {
    findings.push(warning([...path, 'TLS'], 'has no effect: Insecure is on; remove one of the two'));
  }
  const saysTls = said.TLS !== undefined || said.Insecure === false;
  if (TLS && saysTls && (TLS.Cert === undefined) !== (TLS.Key === undefined)) {
    const missing = TLS.Cert === undefined ? 'Cert' : 'Key';
    findings.push({
      path: pathOf([...path, 'TLS']),
      message: `needs ${missing} as well: a certificate and its private key go together`,
      severity: 'error',
    });
  }
  if (said.Retry) findings.push(...checkRetry([...path, 'Retry'], said.Retry, section));
  return findings;
}

function checkRetry(
  path: readonly string[],
  said: Partial<GrpcDialSettings['Retry']>,
  section: GrpcDialSettings,
): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const { By, PerAttemptTimeout } = section.Retry;
  const policy = resolveRetryPolicy(section.Retry);
  const unknown = policy.codes.filter((code) => !MESH_CODES.includes(code)).map((code) => status[code]);
  if (said.Codes && By === 'mesh' && unknown.length > 0) {
    findings.push(
      warning([...path, 'Codes'], `has no effect for ${unknown.join(', ')}: the mesh cannot be asked for it`),
    );
  }
  if (said.PerAttemptTimeout !== undefined && section.CallTimeout > 0) {
    if (section.CallTimeout <= (PerAttemptTimeout ?? 0)) {
      findings.push(
        warning(
          [...path, 'PerAttemptTimeout'],
          `has no effect: the whole call has ${section.CallTimeout} s (CallTimeout)`,
        ),
      );
    }
  }
  if (
    (said.InitialBackoff !== undefined || said.MaxBackoff !== undefined) &&
    policy.initialBackoffMs > policy.maxBackoffMs
  ) {
    const key = said.InitialBackoff === undefined ? 'MaxBackoff' : 'InitialBackoff';
    findings.push(
      warning(
        [...path, key],
        `every wait is ${policy.maxBackoffMs / 1000} s at most, since MaxBackoff is less than InitialBackoff`,
      ),
    );
  }
  return findings;
}

function warning(path: readonly string[], message: string): ConfigFinding {
  return { path: pathOf(path), message, severity: 'warning' };
}

/** As people write it, unless an upstream's name could be taken for a path. */
function pathOf(parts: readonly string[]): ConfigPath {
  return parts.some((part) => part.includes('.')) ? parts : parts.join('.');
}
