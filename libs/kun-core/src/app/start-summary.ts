import { relative } from 'node:path';
import type { LoadedLayer } from '@kun/config';
import type { Identity } from '../identity/identity.js';
import type { OpenPorts } from './phases/parts.js';

/** What is told of a start, for people. */
export interface StartSummary {
  readonly identity: Identity;
  readonly ports: OpenPorts;
  readonly layers: readonly LoadedLayer[];
  /** What is switched on beside the calls themselves: `reflection`, `tracing`. */
  readonly on: readonly string[];
  /** What paths are shown from. Default the working directory */
  readonly cwd?: string;
}

/**
 * A few lines for whoever started the service on a terminal: where it answers, what its configuration was read from,
 * and what is on.
 */
export function startSummary({ identity, ports, layers, on, cwd = process.cwd() }: StartSummary): string {
  const { service, version, cluster, instance } = identity;
  const found = layers.filter((layer) => layer.found).map(({ file }) => relative(cwd, file) || file);
  const rows: Array<readonly [string, string | undefined]> = [
    ['gRPC', ports.grpc === undefined ? undefined : `localhost:${ports.grpc}`],
    ['HTTP', ports.http === undefined ? undefined : `http://localhost:${ports.http}`],
    ['admin', ports.admin === undefined ? undefined : `http://localhost:${ports.admin}`],
    ['conf', found.join(', ')],
    ['on', on.join(', ')],
  ];
  const title = `${service}${version === undefined ? '' : ` ${version}`} is serving as ${cluster}/${instance}; Ctrl-C stops it`;
  const lines = rows.flatMap(([name, text]) => (text ? [`  ${name.padEnd(6)} ${text}`] : []));
  return ['', title, ...lines, ''].join('\n');
}

/** Whether somebody reads along: on a terminal, outside of Kubernetes, and lines go where they go by default. */
export function hasReader(
  identity: Pick<Identity, 'inKubernetes'>,
  {
    stdout,
    ownDestination,
  }: { readonly stdout: { readonly isTTY?: boolean }; readonly ownDestination: boolean },
): boolean {
  return stdout.isTTY === true && !identity.inKubernetes && !ownDestination;
}
