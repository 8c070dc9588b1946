/** Milliseconds of each unit (gRPC over HTTP/2, "Timeout"). */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 0.001],
  ['n', 0.000001],
]);

/** One to eight digits and a unit. */
const FORM = /^\d{1,8}[HMSmun]$/;

/** A `grpc-timeout` in milliseconds; `undefined` for a malformed one. */
export function parseGrpcTimeout(text: string): number | undefined {
  if (!FORM.test(text)) return undefined;
  const digits = text.length - 1;
  return Number(text.slice(0, digits)) * (UNIT_MS.get(text.charAt(digits)) as number);
}

/** Formats milliseconds as a `grpc-timeout`, in the finest unit in which eight digits suffice, rounded up. */
export function formatGrpcTimeout(ms: number): string {
  for (const unit of ['n', 'u', 'm', 'S', 'M', 'H']) {
    const amount = Math.ceil(Math.max(0, ms) / (UNIT_MS.get(unit) as number));
    if (amount < 100_000_000) return `${amount}${unit}`;
  }
  return '99999999H';
}

/** Whether values of the key are binary and sent in base64 (gRPC over HTTP/2, "Custom-Metadata"). */
export function isBinaryKey(name: string): boolean {
  return name.endsWith('-bin');
}

/** Encodes a binary value: base64 without padding, as gRPC requires of senders. */
export function encodeBinaryValue(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const padding = text.indexOf('=');
  return padding < 0 ? text : text.slice(0, padding);
}

/** The binary values of one field: base64 with or without padding, several joined by commas. */
export function decodeBinaryValues(value: string): Buffer[] {
  if (!value.includes(',')) return [Buffer.from(value, 'base64')];
  return value.split(',').map((part) => Buffer.from(part.trim(), 'base64'));
}

const GRPC = 'application/grpc';

/** Whether a content type is gRPC's: `application/grpc`, with an optional format after `+` or parameters after `;`. */
export function isGrpcContentType(value: string): boolean {
  if (value === GRPC) return true;
  if (!value.toLowerCase().startsWith(GRPC)) return false;
  const next = value.charAt(GRPC.length);
  return next === '' || next === '+' || next === ';';
}
