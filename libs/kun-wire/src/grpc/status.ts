/** The gRPC status codes that the wire itself sends. */
export const StatusCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

/** What a `grpc-message` may contain unencoded (gRPC over HTTP/2, "Status-Message"): printable ASCII except `%`. */
const PLAIN = /^[ -$&-~]*$/;
const UNSAFE = /[^ -$&-~]/;
/** Leading and trailing spaces, which would make the field malformed (RFC 9113, 8.2.1). */
const EDGES = /^ +| +$/g;
const CODED = /%[0-9A-Fa-f]{2}/;

/** Encodes a status message for `grpc-message`: UTF-8, with everything except printable ASCII percent-encoded. */
export function encodeStatusMessage(message: string): string {
  if (PLAIN.test(message))
    return message.startsWith(' ') || message.endsWith(' ') ? codeEdges(message) : message;
  let coded = '';
  for (const byte of Buffer.from(message, 'utf8')) {
    const character = String.fromCharCode(byte);
    coded += UNSAFE.test(character) ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}` : character;
  }
  return codeEdges(coded);
}

function codeEdges(text: string): string {
  return text.replace(EDGES, (spaces) => '%20'.repeat(spaces.length));
}

/** Decodes a `grpc-message`; invalid percent-encoding is kept unchanged, as gRPC requires of readers. */
export function decodeStatusMessage(coded: string): string {
  if (!coded.includes('%')) return coded;
  const bytes: number[] = [];
  for (let at = 0; at < coded.length; at++) {
    const code = coded.slice(at, at + 3);
    if (CODED.test(code)) {
      bytes.push(Number.parseInt(code.slice(1), 16));
      at += 2;
    } else {
      bytes.push(...Buffer.from(coded.charAt(at), 'utf8'));
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
