/** The codings of messages that are read and written, by their names in `grpc-encoding`. */
export type MessageEncoding = 'identity' | 'gzip' | 'deflate';

/** What `grpc-accept-encoding` says of them. */
export const ACCEPTED_ENCODINGS = 'identity,deflate,gzip';

/** The coding of a `grpc-encoding`; `undefined` for one that is not known here. */
export function parseMessageEncoding(value: string): MessageEncoding | undefined {
  return value === 'identity' || value === 'gzip' || value === 'deflate' ? value : undefined;
}

/** Whether the peer's `grpc-accept-encoding` names a coding; identity is always accepted. */
export function acceptsEncoding(accepted: string | undefined, encoding: MessageEncoding): boolean {
  if (encoding === 'identity') return true;
  return accepted !== undefined && accepted.split(',').some((name) => name.trim() === encoding);
}
