import {
  CertificateError,
  parseCertificates,
  readCertificateFiles,
  type CertificateContents,
  type CertificateFiles,
  type Certificates,
} from './certificates.js';

/** Options of a {@link CertificateStore}. */
export interface CertificateStoreOptions {
  readonly files: CertificateFiles;
  /** How often the files are checked, in milliseconds. Default 1000. */
  readonly intervalMs?: number | undefined;
  /** Called when certificates were replaced. */
  readonly onReloaded?: ((certificates: Certificates) => void) | undefined;
  /** Called once for changed files that are unusable; the previous certificates stay in use. */
  readonly onRefused?: ((error: CertificateError) => void) | undefined;
  /** Milliseconds since the epoch. Default: the system time */
  readonly now?: (() => number) | undefined;
}

/** The result of checking the files. */
export type CertificateLook = 'same' | 'changing' | 'reloaded' | 'refused';

/**
 * The current certificates on disk: read on construction, then polled. Content is compared, not time or inode, so that
 * overwriting a file, renaming over it and swapping a Secret's `..data` link are all detected, even on file systems
 * without change events. A change takes effect once two consecutive checks agree: a half-written bundle can look
 * complete, and a new certificate is next to the old key for a moment.
 */
export class CertificateStore {
  readonly #listeners = new Set<(certificates: Certificates) => void>();
  #current: Certificates;
  /** The contents last accepted or refused. */
  #known: CertificateContents;
  #pending: CertificateContents | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {CertificateError} when the files cannot be used. */
  constructor(private readonly options: CertificateStoreOptions) {
    this.#known = readCertificateFiles(options.files);
    this.#current = this.#parse(this.#known);
  }

  /** The certificates for new connections. */
  get current(): Certificates {
    return this.#current;
  }

  /** Calls `listener` with each new set; returns a function that unsubscribes it. */
  onChange(listener: (certificates: Certificates) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts polling. Does not keep the process alive. */
  start(): this {
    this.#timer ??= setInterval(() => this.look(), this.options.intervalMs ?? 1_000).unref();
    return this;
  }

  /** Stops polling. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Checks the files once. */
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
    // Two read failures are equal if they have the same reason.
    return left?.message === (Buffer.isBuffer(right) ? null : right?.message);
  });
}
