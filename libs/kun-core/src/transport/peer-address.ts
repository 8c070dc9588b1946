const IPV4_MAPPED = '::ffff:';

/** `address:port` of a connection's other side; `127.0.0.1` for `::ffff:127.0.0.1`, as a socket that takes IPv6 too has it. */
export function peerAddress(
  connection:
    { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined } | undefined,
): string {
  const { remoteAddress, remotePort } = connection ?? {};
  if (remoteAddress === undefined) return 'unknown';
  const address = remoteAddress.startsWith(IPV4_MAPPED)
    ? remoteAddress.slice(IPV4_MAPPED.length)
    : remoteAddress;
  return remotePort === undefined ? address : `${address}:${remotePort}`;
}
