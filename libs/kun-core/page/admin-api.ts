import type { CallEvent, CallRequest, MethodsAnswer } from '../src/admin/answers/calling.js';
import type {
  ConfigAnswer,
  HttpErrorAnswer,
  LevelName,
  LogLevelAnswer,
  TraceNextAnswer,
} from '../src/admin/answers/process.js';

/** Kept for this tab only. */
const TOKEN = 'kun-admin-token';

/** The token that was entered, if any. */
export function rememberedToken(): string {
  return sessionStorage.getItem(TOKEN) ?? '';
}

/** Keeps the token for this tab; an empty one removes it. */
export function rememberToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** The admin port refused, or cannot be reached; the message says why, and what to do. */
export class AdminApiError extends Error {
  override readonly name = 'AdminApiError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export const adminApi = {
  config: () => json<ConfigAnswer>('GET', 'configz'),
  methods: () => json<MethodsAnswer>('GET', 'methods'),
  traced: () => json<TraceNextAnswer>('GET', 'debug/trace-next'),
  traceNext: (method: string, count: number) =>
    json<TraceNextAnswer>(
      'POST',
      `debug/trace-next?${String(new URLSearchParams({ ...(method && { method }), n: String(count) }))}`,
    ),
  setLogLevel: (level: LevelName, forSeconds: number) =>
    json<LogLevelAnswer>('PUT', 'loglevel', { level, forSeconds }),
  resetLogLevel: () => json<LogLevelAnswer>('DELETE', 'loglevel'),
  send: (id: string, messages: readonly unknown[]) => request('POST', `call/${id}/messages`, { messages }),
  halfClose: (id: string) => request('POST', `call/${id}/half-close`),
  cancel: (id: string) => request('DELETE', `call/${id}`),

  /** Calls a method and yields the events of the call as they happen; aborting the signal cancels it. */
  async *call(callRequest: CallRequest, signal: AbortSignal): AsyncGenerator<CallEvent> {
    const response = await request('POST', 'call', callRequest, signal);
    let rest = '';
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield JSON.parse(line) as CallEvent;
    }
  },

  /** Makes the browser save the response under this name. */
  async download(path: string, name: string): Promise<void> {
    const response = await request('GET', path);
    const url = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  },
};

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await (await request(method, path, body)).json()) as T;
}

async function request(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const token = rememberedToken();
  const headers: Record<string, string> = {
    ...(token !== '' && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  const init: RequestInit = {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  const response = await fetch(path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new AdminApiError(0, 'the admin port does not answer');
  });
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({ error: response.statusText }))) as HttpErrorAnswer;
  throw new AdminApiError(response.status, answer.message ?? answer.error);
}
