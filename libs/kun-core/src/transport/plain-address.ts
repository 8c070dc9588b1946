const IPV4_MAPPED = '::ffff:';

/** `127.0.0.1:4711` for `::ffff:127.0.0.1:4711`, which is how a socket that takes IPv6 too shows it; others as they are. */
export function plainAddress(address: string): string {
  return address.startsWith(IPV4_MAPPED) ? address.slice(IPV4_MAPPED.length) : address;
}
