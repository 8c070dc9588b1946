import { wellFormed } from '../details/detail-codec.js';

/** What stands at the end of a text that was cut */
const CUT_MARK = '...';

/**
 * A text as `grpc-message` can carry it: no lone surrogates (grpc-js escapes with `encodeURI`, which throws
 * on them), and no longer than `maxBytes` once it is percent-encoded. A longer one is cut between
 * characters and ends with `...`.
 *
 * Non-ASCII text survives: grpc-js escapes on sending and unescapes on receiving.
 */
export function toMessageText(text: string, maxBytes: number): string {
  const whole = wellFormed(text);
  // No UTF-16 unit takes more than nine bytes escaped, so most texts need no measuring.
  if (whole.length * 9 <= maxBytes || encodedBytes(whole) <= maxBytes) return whole;
  let room = maxBytes - CUT_MARK.length;
  let end = 0;
  for (const character of whole) {
    room -= encodedBytes(character);
    if (room < 0) break;
    end += character.length;
  }
  return whole.slice(0, end) + CUT_MARK;
}

/** How many bytes a well-formed text takes in `grpc-message` */
export function encodedBytes(text: string): number {
  return encodeURI(text).length;
}
