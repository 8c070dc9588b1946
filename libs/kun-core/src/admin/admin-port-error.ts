import { ExplainedError } from '@kun/config';
/** The admin server cannot listen. */
export class AdminPortError extends ExplainedError {
  override readonly name = 'AdminPortError';
  readonly port: number;
  /** The system's word for it, such as `EADDRINUSE`. */
  readonly code: string | undefined;

  constructor(port: number, cause: unknown) {
    const code = codeOf(cause);
    super(`cannot listen on AdminPort ${port}: ${reason(code, cause)}`, { cause });
    this.port = port;
    this.code = code;
  }
}

function reason(code: string | undefined, cause: unknown): string {
  if (code === 'EADDRINUSE')
    return 'the port is in use; set AdminPort to a free port, or to 0 for no admin port';
  if (code === 'EACCES') return 'this user may not open it; set AdminPort to a port from 1024';
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return 'no interface here has the address; set Admin.Address to one of this machine, or leave it out';
  return cause instanceof Error ? cause.message : String(cause);
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
