import type { PackedAny } from '../details/detail-codec.js';
import type { StatusDetail } from '../details/detail-types.js';
import { errorInfo } from '../details/details.js';
import { listOf } from '../details/field-of.js';
import { packDetails } from './status-codec.js';

/** Encodes details into the final bytes, or answers `undefined` when these are too large */
export type Encode = (details: readonly PackedAny[]) => Buffer | undefined;

/** The list in a detail that may be shortened: its first items say the most */
const LIST_OF: Partial<Record<StatusDetail['type'], string>> = {
  'google.rpc.BadRequest': 'fieldViolations',
  'google.rpc.QuotaFailure': 'violations',
  'google.rpc.PreconditionFailure': 'violations',
  'google.rpc.Help': 'links',
  'google.rpc.DebugInfo': 'stackEntries',
};

/**
 * The details in bytes, all of them if they fit. If not, each is taken in turn if it still fits beside those
 * before it; one that does not is shortened if it is a list, else left out. The last detail then is
 * `ErrorInfo { reason: 'DETAILS_TRUNCATED', domain: 'kun', metadata: { details, kept } }` with how many
 * details there were and how many came through whole. A detail that cannot be encoded counts as left out.
 *
 * `undefined` when not even that marker fits.
 */
export function fitDetails(details: readonly StatusDetail[], encode: Encode): Buffer | undefined {
  const packed = packDetails(details);
  const whole = packed.every((any) => any !== undefined) ? encode(packed) : undefined;
  if (whole) return whole;

  const taken: PackedAny[] = [];
  let kept = 0;
  // Room is kept for the longest marker; the true one is never longer.
  const fits = (any: PackedAny): boolean =>
    encode([...taken, any, ...marker(details.length, details.length)]) !== undefined;
  for (const [index, any] of packed.entries()) {
    if (any && fits(any)) {
      taken.push(any);
      kept += 1;
    } else if (any) {
      const shorter = shorten(details[index]!, fits);
      if (shorter) taken.push(shorter);
    }
  }
  return encode([...taken, ...marker(details.length, kept)]);
}

/** The longest beginning of a detail's list that fits, found by halving; `undefined` when no item does */
function shorten(detail: StatusDetail, fits: (any: PackedAny) => boolean): PackedAny | undefined {
  const list = LIST_OF[detail.type];
  if (list === undefined) return undefined;
  const items = listOf(detail, list);
  let best: PackedAny | undefined;
  let low = 1;
  let high = items.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [any] = packDetails([{ ...detail, [list]: items.slice(0, middle) }]);
    if (any && fits(any)) {
      best = any;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return best;
}

function marker(details: number, kept: number): PackedAny[] {
  const info = errorInfo({
    reason: 'DETAILS_TRUNCATED',
    domain: 'kun',
    metadata: { details: String(details), kept: String(kept) },
  });
  return packDetails([info]).filter((any) => any !== undefined);
}
