/** Versions of Node that kun supports; a test keeps this equal to the package's `engines`. */
export const SUPPORTED_NODE = '^22.18.0 || >=24.3.0';

/** The first supported release of each major line; the last entry has no upper bound. */
const FLOORS: ReadonlyArray<readonly [major: number, minor: number]> = [
  [22, 18],
  [24, 3],
];

/** The running Node is too old for kun. */
export class NodeVersionError extends Error {
  override readonly name = 'NodeVersionError';
  // The stack trace helps nobody here.
  override readonly stack = `${this.name}: ${this.message}`;
}

/**
 * How a call ended is read from the channels `http2.server.stream.start` and `.close` of node:diagnostics_channel. On a
 * Node without them calls would be answered but not counted, logged or waited for. 22.18.0 and 24.3.0 are the first
 * releases to have both (nodejs/node#58449, #58602).
 *
 * @throws {NodeVersionError} for any other version.
 */
export function requireSupportedNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const supported = FLOORS.some(([lineMajor, lineMinor], index) => {
    if (major === lineMajor) return minor >= lineMinor;
    return index === FLOORS.length - 1 && major > lineMajor;
  });
  if (supported) return;
  throw new NodeVersionError(
    `@kun/core needs Node ${SUPPORTED_NODE}, but this is ${version}, on which calls are not counted, logged or waited for ` +
      'at shutdown; run the service on a newer Node',
  );
}

// Runs at import, before anything else: npm only warns, and later modules may not even load on an old Node.
requireSupportedNode(process.versions.node);
