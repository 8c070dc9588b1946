/** Versions of Node that kun runs on; the `engines` of the package, and a test holds the two together. */
export const SUPPORTED_NODE = '^22.18.0 || >=24.3.0';

/** The lowest release of each line that has what is needed, the last one open upwards. */
const FLOORS: ReadonlyArray<readonly [major: number, minor: number]> = [
  [22, 18],
  [24, 3],
];

/** This Node has not what kun needs. */
export class NodeVersionError extends Error {
  override readonly name = 'NodeVersionError';
  // Where it was found out is of no use to anybody.
  override readonly stack = `${this.name}: ${this.message}`;
}

/**
 * How a call ended is read from the channels `http2.server.stream.start` and `.close` of node:diagnostics_channel. On
 * a Node without them every call would be answered, and none counted, logged or waited for: 22.18.0 and 24.3.0 are the
 * first to have both (nodejs/node#58449, #58602).
 *
 * @throws {NodeVersionError} for any other.
 */
export function requireSupportedNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const supported = FLOORS.some(([lineMajor, lineMinor], index) => {
    if (major === lineMajor) return minor >= lineMinor;
    return index === FLOORS.length - 1 && major > lineMajor;
  });
  if (supported) return;
  throw new NodeVersionError(
    `@kun/core needs Node ${SUPPORTED_NODE}, and this is ${version}: on it no call is counted, logged or waited for ` +
      'at the stop; start the service with a newer one',
  );
}

// While it is imported, and before all else: npm only warns, and what comes after may not even load on an old Node.
requireSupportedNode(process.versions.node);
