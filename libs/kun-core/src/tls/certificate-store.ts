import {
  CertificateError,
  parseCertificates,
  readCertificateFiles,
  type CertificateContents,
  type CertificateFiles,
  type Certificates,
} from './certificates.js';

/** How a {@link CertificateStore} reads. */
export interface CertificateStoreOptions {
  readonly files: CertificateFiles;
  /** How often the files are looked at, in milliseconds. Default 1000. */
  readonly intervalMs?: number | undefined;
  /** Told of certificates that took the place of others. */
  readonly onReloaded?: ((certificates: Certificates) => void) | undefined;
  /** Told once of files that changed and cannot be used; what was there before stays. */
  readonly onRefused?: ((error: CertificateError) => void) | undefined;
  /** Milliseconds since the epoch. Default: the system's time. */
  readonly now?: (() => number) | undefined;
}

/** What a look at the files found. */
export type CertificateLook = 'same' | 'changing' | 'reloaded' | 'refused';

/**
 * The certificates on disk, as they are now: read at once when made, then looked at again and again. Content is
 * compared, not time or inode, so that a file written over, a rename over it and the swap of a Secret's `..data` link
 * are all the same; nothing is missed on file systems that send no events. A change counts when two looks in a row see
 * the same: a half-written bundle can look whole, and a new certificate stands beside the old key for a moment.
 */
export class CertificateStore {
  readonly #listeners = new Set<(certificates: Certificates) => void>();
  #current: Certificates;
  /** As last taken or refused. */
  #known: CertificateContents;
  #pending: CertificateContents | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {CertificateError} when the files cannot be used. */
  constructor(private readonly options: CertificateStoreOptions) {
    this.#known = readCertificateFiles(options.files);
    this.#current = this.#parse(this.#known);
  }

  /** The certificates to make the next connection with. */
  get current(): Certificates {
    return this.#current;
  }

  /** Calls `listener` with each new set, and returns what ends that. */
  onChange(listener: (certificates: Certificates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to look. Does not keep the process alive. */
  start(): this {
    this.#timer ??= setInterval(() => this.look(), this.options.intervalMs ?? 1_000).unref();
    return this;
  }

  /** Stops looking. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once. */
  look(): CertificateLook {
    const found = readCertificateFiles(this.options.files);
    if (sameContents(found, this.#known)) {
      this.#pending = undefined;
      return 'same';
    }
    if (!this.#pending || !sameContents(found, this.#pending)) {
      this.#pending = found;
      return 'changing';
    }
    this.#pending = undefined;
    this.#known = found;
    try {
      this.#current = this.#parse(found);
    } catch (error) {
      this.options.onRefused?.(error as CertificateError);
      return 'refused';
    }
    for (const listener of this.#listeners) listener(this.#current);
    this.options.onReloaded?.(this.#current);
    return 'reloaded';
  }

  #parse(contents: CertificateContents): Certificates {
    return parseCertificates(this.options.files, contents, (this.options.now ?? Date.now)());
  }
}

function sameContents(a: CertificateContents, b: CertificateContents): boolean {
  return (['certificateFile', 'privateKeyFile', 'authorityFile'] as const).every((file) => {
    const [left, right] = [a[file], b[file]];
    if (Buffer.isBuffer(left)) return Buffer.isBuffer(right) && left.equals(right);
    // Two failures to read are the same when they fail for the same reason.
    return left?.message === (Buffer.isBuffer(right) ? null : right?.message);
  });
}
