import { ExplainedError, nearest } from '@kun/config';

/** grpc-js channel options, by grpc-js' names; only those that the server or the clients read are accepted. */
export type GrpcChannelOptions = Readonly<Record<string, string | number | undefined>>;

/** How a side compresses what it sends; its value is one of grpc-js' `compressionAlgorithms`. */
export const COMPRESSION_OPTION = 'grpc.default_compression_algorithm';

/** An option that grpc-js would silently ignore, or that kun sets itself. */
export class ChannelOptionError extends ExplainedError {
  override readonly name = 'ChannelOptionError';
}

/** Who reads channel options, and the alternatives to those it does not read. */
export interface OptionReader {
  /** Where the options were given: `KunModule.forRoot({ channelOptions })`, or an upstream by name. */
  readonly where: string;
  /** `the server of the engine kun`, `a client of grpc-js`. */
  readonly reader: string;
  /** The option names that it reads. */
  readonly read: ReadonlySet<string>;
  /** The alternative to an option that is not read, such as `set GRPCServer.KeepaliveTime`. Default: none known */
  readonly instead?: ReadonlyMap<string, string>;
}

/**
 * Refuses options that nothing reads.
 *
 * @throws {ChannelOptionError} naming each option that is not read, with what to write instead.
 */
export function refuseUnreadOptions(
  own: GrpcChannelOptions,
  { where, reader, read, instead = new Map() }: OptionReader,
): void {
  const unread = Object.keys(own).filter((name) => !read.has(name));
  if (unread.length === 0) return;
  const each = unread.map((name) => {
    const other = instead.get(name);
    if (other !== undefined) return `${name} (${other})`;
    const meant = nearest(name, [...read, ...instead.keys()]);
    return meant ? `${name} (did you mean ${meant}?)` : name;
  });
  throw new ChannelOptionError(
    `${where}: ${reader} does not read the channel ${each.length > 1 ? 'options' : 'option'} ${each.join(', ')}; remove, or choose from ${[...read].join(', ')}`,
  );
}

/** gRPC server options for which kun has a configuration key. */
export const KEYS_OF_SERVER_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['grpc.keepalive_time_ms', 'set GRPCServer.KeepaliveTime'],
  ['grpc.keepalive_timeout_ms', 'set GRPCServer.KeepaliveTimeout'],
  ['grpc.max_metadata_size', 'set GRPCServer.MaxHeaderListSize'],
  ['grpc.absolute_max_metadata_size', 'set GRPCServer.MaxHeaderListSize'],
  ['grpc.server_handshake_timeout_ms', 'set GRPCServer.ConnectionTimeout'],
]);
