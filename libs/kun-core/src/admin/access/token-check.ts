import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Secret } from '@kun/config';
import type { Live } from '../../settings/live.js';
import { forbidden, HttpError } from './http-error.js';

/** Checks the admin token, which may change while the service runs. */
export class TokenCheck {
  constructor(private readonly token: Pick<Live<Secret | undefined>, 'current'>) {}

  /** Whether a token is configured. */
  get enabled(): boolean {
    return this.token.current !== undefined;
  }

  /** @throws {HttpError} when no token is configured (403), or the request does not have it (401). */
  check({ headers, method, url }: IncomingMessage): void {
    const token = this.token.current;
    const what = `${method} ${(url ?? '').replace(/\?.*/s, '').slice(0, MAX_SHOWN)}`;
    if (!token) {
      throw forbidden(
        `${what} is off: set Admin.Token, from a file or the environment, as KUN_CONF__ADMIN__TOKEN, and send it as bearer token in the header Authorization`,
      );
    }
    const [, given] = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
    if (given !== undefined && isSame(given, token.reveal())) return;
    const found =
      given === undefined ? 'wants a bearer token in the header Authorization,' : 'was sent with what is not';
    throw new HttpError(401, `${what} ${found} the token of Admin.Token`, { 'WWW-Authenticate': 'Bearer' });
  }
}

const MAX_SHOWN = 100;

/** Compares in constant time, so that neither the length nor the first difference can be measured. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
