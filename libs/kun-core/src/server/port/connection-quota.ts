import type { Socket } from 'node:net';
import { descriptorOf } from '../../transport/open-files.js';

/** The maximum number of connections is open. */
export class TooManyConnectionsError extends Error {
  override readonly name = 'TooManyConnectionsError';

  constructor(maxConnections: number) {
    super(`${maxConnections} connections are open, the maximum that GRPCServer.MaxConnections allows`);
  }
}

/** The process is close to its limit of open files. */
export class OpenFilesError extends Error {
  override readonly name = 'OpenFilesError';

  constructor(openFiles: number) {
    super(`nearly all of the ${openFiles} files that the process may open (ulimit -n) are in use`);
  }
}

/** Limits on a port's connections. */
export interface ConnectionQuotaOptions {
  /** Default: limited only by open files. */
  readonly maxConnections?: number | undefined;
  /** The process's limit of open files. Default: unlimited. */
  readonly openFiles?: number | undefined;
}

/** The limit of {@link ConnectionQuotaOptions} that is nearly reached, with current numbers. */
export interface NearLimit {
  readonly what: 'connections' | 'open files';
  readonly open: number;
  readonly limit: number;
}

/** Connections beyond `maxConnections` that are accepted briefly, so that probes are always answered. */
export const RESERVED_CONNECTIONS = 16;
/** The share of open files reserved for the admin port, upstreams and files: an eighth, within these bounds. */
const RESERVED_FILES = { part: 1 / 8, least: 32, most: 256 };
/** The share of a limit from which on it counts as near. */
const NEAR = 0.8;

/**
 * Decides whether a new connection is accepted. When there is no room, the connection that has waited longest without a
 * call is closed: peers that connect and stay silent must not keep out those that call.
 */
export class ConnectionQuota {
  /** The highest file descriptor that a connection may have, given the reserve. */
  private readonly lastDescriptor: number;
  /** The number of connections at which descriptors ran short. */
  private room = Infinity;
  /** Connections without a call so far, oldest first. */
  private readonly unused = new Set<Socket>();

  constructor(
    private readonly options: ConnectionQuotaOptions,
    /** Closes a connection and counts it as refused. */
    private readonly refuse: (error: Error, socket: Socket) => void,
    /** Called when a connection finds a limit nearly reached. */
    private readonly onNear: (near: NearLimit) => void = () => {},
  ) {
    const { openFiles = Infinity } = options;
    const { part, least, most } = RESERVED_FILES;
    this.lastDescriptor = openFiles - Math.min(most, Math.max(least, openFiles * part));
  }

  /**
   * Whether to accept a connection while `open` others exist: `briefly` beyond the limit, for a call or two. Otherwise
   * it is refused.
   */
  admit(socket: Socket, open: number): 'yes' | 'briefly' | 'no' {
    const { maxConnections = Infinity, openFiles = Infinity } = this.options;
    const descriptor = descriptorOf(socket) ?? 0;
    if (open >= maxConnections * NEAR) this.onNear({ what: 'connections', open, limit: maxConnections });
    if (descriptor >= openFiles * NEAR) {
      this.onNear({ what: 'open files', open: descriptor, limit: openFiles });
    }
    if (open < this.room * NEAR) this.room = Infinity;
    // Freed descriptors are reused, so from here on the number of connections decides.
    if (descriptor >= this.lastDescriptor) this.room = Math.min(this.room, open);
    const full = open >= maxConnections + RESERVED_CONNECTIONS;
    if (full || open >= this.room) {
      const error = full ? new TooManyConnectionsError(maxConnections) : new OpenFilesError(openFiles);
      const [oldest] = this.unused;
      this.unused.delete(oldest ?? socket);
      this.refuse(error, oldest ?? socket);
      if (oldest === undefined) return 'no';
    }
    this.unused.add(socket);
    return open >= maxConnections ? 'briefly' : 'yes';
  }

  /** The connection has carried a call, or is gone. */
  settled(socket: Socket): void {
    this.unused.delete(socket);
  }
}
