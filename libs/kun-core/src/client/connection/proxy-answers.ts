import { connect } from 'node:net';

/** Options of {@link proxyAnswers}. */
export interface ProxyAnswersOptions {
  /** The local port of the sidecar. */
  readonly port: number;
  /** How long the check may take, in milliseconds. Default 500, below the timeout of a readiness check. */
  readonly timeoutMs?: number | undefined;
  /**
   * The sidecar's own readiness URL, e.g. `http://127.0.0.1:15021/healthz/ready` of Istio; checked instead of the port.
   */
  readonly healthUrl?: string | undefined;
  /** Ends the check early. */
  readonly signal?: AbortSignal | undefined;
}

/** The sidecar does not answer yet. */
export class ProxyNotReadyError extends Error {
  override readonly name = 'ProxyNotReadyError';
}

/**
 * Checks once whether the sidecar accepts connections or, by its health URL, is ready. As a readiness check it keeps
 * calls away from an instance whose own calls could not get out:
 *
 * ```ts
 * readiness.addCheck('proxy', ({ signal }) => proxyAnswers({ port: 15003, signal }));
 * ```
 *
 * @throws {ProxyNotReadyError} saying what was found instead.
 */
export async function proxyAnswers(options: ProxyAnswersOptions): Promise<void> {
  const { port, timeoutMs = 500, healthUrl, signal } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    if (healthUrl === undefined) await takesConnections(port, ended);
    else await saysReady(healthUrl, ended);
  } catch (cause) {
    const where = healthUrl ?? `127.0.0.1:${port}`;
    const found = timeout.aborted ? `nothing within ${timeoutMs} ms` : messageOf(cause);
    throw new ProxyNotReadyError(`the proxy at ${where} does not answer: ${found}`, { cause });
  }
}

function takesConnections(port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

async function saysReady(url: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal, redirect: 'error' });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

/** `fetch` hides the reason of a failure in the cause. */
function messageOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
