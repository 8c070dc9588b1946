import type { IncomingMessage } from 'node:http';
import { forbidden } from './http-error.js';

/**
 * Refuses requests that another site makes a browser send. Browsers name the site in `Origin` for all cross-site requests
 * except followed links and images; for those they send `Sec-Fetch-Site`. Tools send neither.
 *
 * @throws {HttpError} when the request comes from another site.
 */
export function checkSameSite({ method, headers }: IncomingMessage): void {
  const { origin, host } = headers;
  if (origin !== undefined && !isOwn(origin, host)) {
    throw forbidden(
      `requests of ${JSON.stringify(origin.slice(0, MAX_SHOWN))} are not answered: only pages of the admin port itself may ask`,
    );
  }
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // Following a link from elsewhere shows the answer to the person only, not to the site.
  const followed = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (followed && method === 'GET') return;
  throw forbidden(
    'requests that other sites send are not answered: only pages of the admin port itself may ask',
  );
}

const MAX_SHOWN = 100;

function isOwn(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  const lower = origin.toLowerCase();
  return lower === `http://${host.toLowerCase()}` || lower === `https://${host.toLowerCase()}`;
}
