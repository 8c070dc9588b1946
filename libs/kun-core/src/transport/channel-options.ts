import { ExplainedError, nearest } from '@kun/config';

/** Options of grpc-js, by the names it has for them; only those that the server, or the clients, read are taken. */
export type GrpcChannelOptions = Readonly<Record<string, string | number | undefined>>;

/** How a side compresses what it sends; its value is one of grpc-js' `compressionAlgorithms`. */
export const COMPRESSION_OPTION = 'grpc.default_compression_algorithm';

/** An option that grpc-js would ignore without a word, or that kun decides. */
export class ChannelOptionError extends ExplainedError {
  override readonly name = 'ChannelOptionError';
}

/** Who reads channel options, and what to do instead for those it does not. */
export interface OptionReader {
  /** Who was asked: `KunModule.forRoot({ channelOptions })`, or an upstream by its name. */
  readonly where: string;
  /** `the server of the engine kun`, `a client of grpc-js`. */
  readonly reader: string;
  /** The names that it reads. */
  readonly read: ReadonlySet<string>;
  /** What does the same for an option that is not read, as `set GRPCServer.KeepaliveTime`. Default: nothing known */
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

/** Options of servers, of grpc-js and of gRPC elsewhere, that are a key of the configuration here. */
export const KEYS_OF_SERVER_OPTIONS: ReadonlyMap<string, string> = new Map([
  ['grpc.keepalive_time_ms', 'set GRPCServer.KeepaliveTime'],
  ['grpc.keepalive_timeout_ms', 'set GRPCServer.KeepaliveTimeout'],
  ['grpc.max_metadata_size', 'set GRPCServer.MaxHeaderListSize'],
  ['grpc.absolute_max_metadata_size', 'set GRPCServer.MaxHeaderListSize'],
  ['grpc.server_handshake_timeout_ms', 'set GRPCServer.ConnectionTimeout'],
]);
