import { request, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';

/** What the admin port answered. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly token?: string;
  /** Leaves when it aborts. */
  readonly signal?: AbortSignal;
}

/** Long enough to be one. */
export const TOKEN = 'correct-horse-battery-staple';

/** Asks for a path as it is written, with whatever headers: `fetch` would mend both. */
export async function ask(adminUrl: string, path: string, options: AskOptions = {}): Promise<AdminAnswer> {
  const response = await open(adminUrl, path, options);
  const body = await textOf(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: body,
    json: <T>() => JSON.parse(body) as T,
  };
}

/** The same, to be read as it comes. */
export function open(adminUrl: string, path: string, options: AskOptions = {}): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, token, signal } = options;
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const { hostname, port } = new URL(adminUrl);
  return new Promise((resolve, reject) => {
    const sent = request({
      hostname,
      port,
      path,
      method,
      agent: false,
      ...(signal && { signal }),
      headers: {
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(text)),
        }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end(text);
  });
}
