import { ExplainedError } from '@kun/config';

/** What names a port in the configuration, or in `main.ts`. */
export interface PortSource {
  /** `GRPCServer.Port`, `app.listen()` */
  readonly key: string;
  /** The key of the address to listen on. */
  readonly addressKey: string;
  /** What 0 means there, as `no admin port`. Default: any free port */
  readonly zero?: string;
}

export const GRPC_PORT: PortSource = { key: 'GRPCServer.Port', addressKey: 'GRPCServer.Address' };
export const HTTP_PORT: PortSource = {
  key: 'HTTPServer.Port',
  addressKey: 'HTTPServer.Address',
  zero: 'no HTTP port',
};
export const LISTEN_CALL: PortSource = { key: 'app.listen()', addressKey: 'HTTPServer.Address' };
export const ADMIN_PORT: PortSource = {
  key: 'AdminPort',
  addressKey: 'Admin.Address',
  zero: 'no admin port',
};

/** A port that could not be opened; the message names its key, and says what to do. */
export class PortError extends ExplainedError {
  override readonly name = 'PortError';
  /** The system's code, such as `EADDRINUSE`. */
  readonly code: string | undefined;

  constructor(
    source: PortSource,
    readonly port: number,
    cause: unknown,
  ) {
    const code = codeOf(cause);
    super(`${source.key}: port ${port} ${reason(source, port, code, cause)}`, { cause });
    this.code = code;
  }
}

function reason(source: PortSource, port: number, code: string | undefined, cause: unknown): string {
  const { key, addressKey, zero } = source;
  const set = key.endsWith('()') ? `pass ${key.slice(0, -2)}` : `set ${key} to`;
  if (code === 'EADDRINUSE') {
    const off = zero === undefined ? '' : `, or 0 for ${zero}`;
    return `is in use; stop the process that has it (ss -ltnp 'sport = :${port}' names it), or ${set} a free port${off}`;
  }
  if (code === 'EACCES') return `requires privileges; ${set} a port above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `has an address that no local interface has; set ${addressKey} to an address of this machine, or omit it`;
  return `cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
