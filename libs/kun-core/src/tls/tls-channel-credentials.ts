/* oxlint-disable no-underscore-dangle -- what grpc-js calls the parts of its credentials */
import { ChannelCredentials, credentials, type experimental } from '@grpc/grpc-js';
import type { CertificateStore } from './certificate-store.js';
import type { Certificates } from './certificates.js';

/** What grpc-js asks of credentials to make connections. */
type SecureConnector = experimental.SecureConnector;
type ConnectorArguments = Parameters<ChannelCredentials['_createSecureConnector']>;

/**
 * Credentials of a client that encrypts, and shows its own certificate where the store has one: each new connection is
 * made with what the store holds at that moment, and those that stand go on. Without authorities in the store the
 * server's certificate must come from those that Node trusts.
 *
 * Two of the same store are equal, so that channels to the same target share their connections.
 */
export class TlsChannelCredentials extends ChannelCredentials {
  #made: { readonly of: Certificates; readonly inner: ChannelCredentials } | undefined;

  constructor(readonly certificates: CertificateStore) {
    super();
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other instanceof TlsChannelCredentials && other.certificates === this.certificates;
  }

  override _createSecureConnector(...args: ConnectorArguments): SecureConnector {
    const connector = () => this.#current()._createSecureConnector(...args);
    const first = connector();
    return {
      connect: (socket) => connector().connect(socket),
      waitForReady: () => first.waitForReady(),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }

  #current(): ChannelCredentials {
    const { current } = this.certificates;
    if (this.#made?.of !== current) {
      const { authorities, privateKey, certificate } = current;
      this.#made = {
        of: current,
        inner: credentials.createSsl(authorities ?? null, privateKey ?? null, certificate ?? null),
      };
    }
    return this.#made.inner;
  }
}
