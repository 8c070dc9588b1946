import { ExplainedError, nearest } from '@kun/config';

/** Options of grpc-js, by the names it has for them; only those that the server, or the clients, read are taken. */
export type GrpcChannelOptions = Readonly<Record<string, string | number | undefined>>;

/** How a side compresses what it sends; its value is one of grpc-js' `compressionAlgorithms`. */
export const COMPRESSION_OPTION = 'grpc.default_compression_algorithm';

/** An option that grpc-js would ignore without a word, or that kun decides. */
export class ChannelOptionError extends ExplainedError {
  override readonly name = 'ChannelOptionError';
}

/**
 * Refuses options that nothing reads.
 *
 * @param read the names that this side of grpc-js reads
 * @param where who asks: `channelOptions`, or an upstream by its name
 * @throws {ChannelOptionError} naming each option that is not read, with the one likely meant.
 */
export function refuseUnreadOptions(
  own: GrpcChannelOptions,
  read: ReadonlySet<string>,
  { where, side }: { readonly where: string; readonly side: 'servers' | 'clients' },
): void {
  const unread = Object.keys(own).filter((name) => !read.has(name));
  if (unread.length === 0) return;
  const each = unread.map((name) => {
    const meant = nearest(name, read);
    return meant ? `${name} (did you mean ${meant}?)` : name;
  });
  throw new ChannelOptionError(
    `${where}: grpc-js' ${side} do not read the channel ${each.length > 1 ? 'options' : 'option'} ${each.join(', ')}; remove, or choose from ${[...read].join(', ')}`,
  );
}
