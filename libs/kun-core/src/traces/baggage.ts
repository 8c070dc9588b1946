import {
  baggageEntryMetadataFromString,
  propagation,
  type Baggage,
  type BaggageEntry,
  type Context,
} from '@opentelemetry/api';

/** The header of W3C Baggage. */
export const BAGGAGE_HEADER = 'baggage';

/** The limits of W3C Baggage that every platform must support: total bytes, and members. */
const MAX_BYTES = 8192;
const MAX_MEMBERS = 64;

/** An HTTP token, required by W3C Baggage for keys. */
const KEY = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Adds the header's baggage to the context; malformed members and everything beyond the limits are dropped. */
export function readBaggage(context: Context, header: string | undefined): Context {
  if (header === undefined || header.length > MAX_BYTES) return context;
  const entries: Record<string, BaggageEntry> = {};
  for (const member of header.split(',').slice(0, MAX_MEMBERS)) {
    const [pair = '', ...properties] = member.split(';');
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).trim();
    if (equals < 0 || !KEY.test(key)) continue;
    const value = decoded(pair.slice(equals + 1).trim());
    if (value === undefined) continue;
    const metadata = properties.join(';').trim();
    entries[key] = metadata ? { value, metadata: baggageEntryMetadataFromString(metadata) } : { value };
  }
  if (Object.keys(entries).length === 0) return context;
  return propagation.setBaggage(context, propagation.createBaggage(entries));
}

/** The header for the context's baggage; `undefined` when it has none. */
export function baggageHeader(context: Context): string | undefined {
  const baggage: Baggage | undefined = propagation.getBaggage(context);
  if (!baggage) return undefined;
  let header = '';
  for (const [key, { value, metadata }] of baggage.getAllEntries().slice(0, MAX_MEMBERS)) {
    if (!KEY.test(key)) continue;
    const properties = metadata ? `;${metadata.toString()}` : '';
    // An unpaired surrogate has no encoding.
    const member = `${key}=${encodeURIComponent(value.toWellFormed())}${properties}`;
    // A header carries only printable ASCII.
    if (!/^[\x20-\x7e]*$/.test(member) || header.length + member.length + 1 > MAX_BYTES) continue;
    header += header === '' ? member : `,${member}`;
  }
  return header === '' ? undefined : header;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
