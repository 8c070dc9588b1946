import type { Socket } from 'node:net';
import { descriptorOf } from '../../transport/open-files.js';

/** As many connections are open as may be. */
export class TooManyConnectionsError extends Error {
  override readonly name = 'TooManyConnectionsError';

  constructor(maxConnections: number) {
    super(`${maxConnections} connections are open, as many as GRPCServer.MaxConnections allows`);
  }
}

/** The process has nearly as many files open as it may. */
export class OpenFilesError extends Error {
  override readonly name = 'OpenFilesError';

  constructor(openFiles: number) {
    super(`nearly all of the ${openFiles} files that the process may open are (ulimit -n)`);
  }
}

/** How many connections a port takes. */
export interface ConnectionLimitOptions {
  /** Default: as many as the limit of open files allows. */
  readonly maxConnections?: number | undefined;
  /** The process's limit of open files. Default: there is none. */
  readonly openFiles?: number | undefined;
}

/** What of {@link ConnectionLimitOptions} a limit is near; both numbers are of the moment. */
export interface NearLimit {
  readonly what: 'connections' | 'open files';
  readonly open: number;
  readonly limit: number;
}

/** Connections beyond `maxConnections` that are taken for a short time, so that a probe is always answered. */
export const RESERVED_CONNECTIONS = 16;
/** What of the open files is kept for the admin port, upstreams and files: an eighth, within these. */
const RESERVED_FILES = { part: 1 / 8, least: 32, most: 256 };
/** From this share of a limit on it is near. */
const NEAR = 0.8;

/**
 * Decides whether a new connection is taken. Where there is no room, the one that has waited longest without a call
 * goes: whoever connects and says nothing does not keep out those who call.
 */
export class ConnectionLimit {
  /** What is kept back of the open files, in the numbers of descriptors. */
  private readonly lastDescriptor: number;
  /** How many connections there were when descriptors ran short. */
  private room = Infinity;
  /** Those without a call so far, in the order they came. */
  private readonly unused = new Set<Socket>();

  constructor(
    private readonly options: ConnectionLimitOptions,
    /** Closes a connection, which counts as refused. */
    private readonly refuse: (error: Error, socket: Socket) => void,
    /** Told when a connection finds a limit near. */
    private readonly onNear: (near: NearLimit) => void = () => {},
  ) {
    const { openFiles = Infinity } = options;
    const { part, least, most } = RESERVED_FILES;
    this.lastDescriptor = openFiles - Math.min(most, Math.max(least, openFiles * part));
  }

  /**
   * Whether a connection is taken, `open` being all others: `briefly` those beyond the limit, for a call or two. It is
   * refused otherwise.
   */
  admit(socket: Socket, open: number): 'yes' | 'briefly' | 'no' {
    const { maxConnections = Infinity, openFiles = Infinity } = this.options;
    const descriptor = descriptorOf(socket) ?? 0;
    if (open >= maxConnections * NEAR) this.onNear({ what: 'connections', open, limit: maxConnections });
    if (descriptor >= openFiles * NEAR) {
      this.onNear({ what: 'open files', open: descriptor, limit: openFiles });
    }
    if (open < this.room * NEAR) this.room = Infinity;
    // Descriptors that became free are given out again: from here on it is the number of connections that tells.
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

  /** A call has come over the connection, or it is gone. */
  settled(socket: Socket): void {
    this.unused.delete(socket);
  }
}
