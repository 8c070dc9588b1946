import type { IncomingMessage } from 'node:http';
import { badRequest, HttpError } from './http-error.js';

/**
 * Reads the body of a request, up to a limit.
 *
 * @throws {HttpError} when it is not declared as JSON (which a form of a foreign page cannot do), has more than `maxBytes`, or
 * is not valid JSON.
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new HttpError(415, 'the body is wanted as JSON: send Content-Type: application/json');
  }
  const declared = Number(request.headers['content-length'] ?? 0);
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (declared <= maxBytes) {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) break;
      chunks.push(chunk);
    }
  }
  if (declared > maxBytes || bytes > maxBytes) {
    throw new HttpError(413, `the body may have ${maxBytes} bytes`, { Connection: 'close' });
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw badRequest('the body is not JSON');
  }
}
