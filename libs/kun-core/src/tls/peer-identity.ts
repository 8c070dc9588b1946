import { X509Certificate } from 'node:crypto';

/** The identity of a connection's peer, from its verified certificate. */
export interface PeerIdentity {
  /** The subject's parts in the order of the certificate, as `O=acme, CN=orders`. */
  readonly subject: string;
  /** The subject's common name. */
  readonly commonName: string | undefined;
  /** Alternative names by kind; a SPIFFE id is a URI. */
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emails: readonly string[];
  /** SHA-256 of the certificate: pairs of upper-case hexadecimal digits between colons. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  readonly expiresAt: Date;
}

/** What is needed of a TLS socket. */
interface TlsSocketView {
  readonly authorized?: boolean;
  getPeerX509Certificate?(): X509Certificate | undefined;
}

/** Determines the identity of peers. Reads a certificate once per connection, not per call. */
export class PeerIdentities {
  private readonly known = new WeakMap<object, PeerIdentity>();

  /**
   * The identity of the peer of a connection (`stream.session.socket`), or `undefined` when it is not encrypted, or the
   * peer showed no certificate that this side's authorities vouch for.
   */
  of(socket: object | undefined): PeerIdentity | undefined {
    if (!socket) return undefined;
    const known = this.known.get(socket);
    if (known) return known;
    const view = socket as TlsSocketView;
    const certificate = view.authorized ? view.getPeerX509Certificate?.() : undefined;
    if (!certificate) return undefined;
    const identity = describePeer(certificate);
    this.known.set(socket, identity);
    return identity;
  }
}

/** Reads a certificate, given parsed or in DER (`getAuthContext().sslPeerCertificate.raw`). */
export function describePeer(source: X509Certificate | Buffer): PeerIdentity {
  const certificate = source instanceof X509Certificate ? source : new X509Certificate(source);
  const names = alternativeNames(certificate.subjectAltName ?? '');
  const parts = certificate.subject.split('\n');
  return {
    subject: parts.join(', '),
    commonName: parts.find((part) => part.startsWith('CN='))?.slice('CN='.length),
    dnsNames: names.get('DNS') ?? [],
    uris: names.get('URI') ?? [],
    ipAddresses: names.get('IP Address') ?? [],
    emails: names.get('email') ?? [],
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    expiresAt: certificate.validToDate,
  };
}

/**
 * `DNS:a.b, URI:spiffe://c, DNS:"with, comma"`: Node writes a name that could be mistaken for two as a JSON string, so
 * that a name cannot claim to be another.
 */
function alternativeNames(text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [, kind = '', quoted, plain = ''] of text.matchAll(
    /(?:^|, )([^:,"]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))/g,
  )) {
    const value = quoted === undefined ? plain : (JSON.parse(quoted) as string);
    names.set(kind, [...(names.get(kind) ?? []), value]);
  }
  return names;
}
