import { relative } from 'node:path';
import type { LoadedLayer } from '@kun/config';
import type { Identity } from '../identity/identity.js';
import type { OpenPorts } from './phases/parts.js';

/** A start, summarized for people. */
export interface StartSummary {
  readonly identity: Identity;
  readonly ports: OpenPorts;
  readonly layers: readonly LoadedLayer[];
  /** Whether the admin port serves the Model Context Protocol. */
  readonly mcp: boolean;
  /** Enabled features, such as `reflection` and `tracing`. */
  readonly on: readonly string[];
  /** The directory that paths are shown relative to. Default: the working directory */
  readonly cwd?: string;
}

/**
 * A few lines for people who started the service on a terminal: its addresses, its configuration files, and what is
 * enabled.
 */
export function startSummary(start: StartSummary): string {
  const { identity, ports, layers, mcp, on, cwd = process.cwd() } = start;
  const { service, version, cluster, instance } = identity;
  const found = layers.filter((layer) => layer.found).map(({ file }) => relative(cwd, file) || file);
  const admin = ports.admin === undefined ? undefined : `http://localhost:${ports.admin}`;
  const rows: Array<readonly [string, string | undefined]> = [
    ['gRPC', ports.grpc === undefined ? undefined : `localhost:${ports.grpc}`],
    ['HTTP', ports.http === undefined ? undefined : `http://localhost:${ports.http}`],
    ['admin', admin],
    ['mcp', admin && mcp ? `${admin}/mcp` : undefined],
    ['conf', found.join(', ')],
    ['on', on.join(', ')],
  ];
  const title = `${service}${version === undefined ? '' : ` ${version}`} is serving as ${cluster}/${instance}; Ctrl-C stops it`;
  const lines = rows.flatMap(([name, text]) => (text ? [`  ${name.padEnd(6)} ${text}`] : []));
  return ['', title, ...lines, ''].join('\n');
}

/**
 * Whether somebody is watching: standard output is a terminal, outside Kubernetes, and logs go to their default
 * destination.
 */
export function hasReader(
  identity: Pick<Identity, 'inKubernetes'>,
  {
    stdout,
    ownDestination,
  }: { readonly stdout: { readonly isTTY?: boolean }; readonly ownDestination: boolean },
): boolean {
  return stdout.isTTY === true && !identity.inKubernetes && !ownDestination;
}
