import type { HeaderField } from '../../hpack/header-list.js';

/** The kinds of fields, by the rules of HTTP/2 (RFC 9113, section 8) and gRPC. */
export const FieldKind = {
  regular: 1,
  /** Its name or value has a forbidden character (section 8.2.1). */
  malformed: 2,
  /** Connection-specific, which HTTP/2 forbids (section 8.2.2). */
  ofConnection: 3,
  unknownPseudo: 4,
  method: 5,
  scheme: 6,
  path: 7,
  authority: 8,
  status: 9,
  contentType: 10,
  contentLength: 11,
  te: 12,
  host: 13,
  grpcTimeout: 14,
  grpcEncoding: 15,
} as const;

export type FieldKindCode = (typeof FieldKind)[keyof typeof FieldKind];

const NAMED: ReadonlyMap<string, FieldKindCode> = new Map([
  [':method', FieldKind.method],
  [':scheme', FieldKind.scheme],
  [':path', FieldKind.path],
  [':authority', FieldKind.authority],
  [':status', FieldKind.status],
  ['connection', FieldKind.ofConnection],
  ['keep-alive', FieldKind.ofConnection],
  ['proxy-connection', FieldKind.ofConnection],
  ['transfer-encoding', FieldKind.ofConnection],
  ['upgrade', FieldKind.ofConnection],
  ['content-type', FieldKind.contentType],
  ['content-length', FieldKind.contentLength],
  ['te', FieldKind.te],
  ['host', FieldKind.host],
  ['grpc-timeout', FieldKind.grpcTimeout],
  ['grpc-encoding', FieldKind.grpcEncoding],
  // Well-formed, and present in most calls.
  ['user-agent', FieldKind.regular],
  ['grpc-accept-encoding', FieldKind.regular],
  ['accept-encoding', FieldKind.regular],
  ['traceparent', FieldKind.regular],
  ['tracestate', FieldKind.regular],
  ['x-request-id', FieldKind.regular],
]);

/** A token (RFC 9110, section 5.6.2) without upper-case letters. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/** The kind of a field; determined once for fields of a table. */
export function kindOf(field: HeaderField): FieldKindCode {
  if (field.mark !== 0) return field.mark as FieldKindCode;
  const kind = find(field);
  field.mark = kind;
  return kind;
}

function find({ name, value }: HeaderField): FieldKindCode {
  const kind = NAMED.get(name) ?? unnamed(name);
  return isFieldValue(value) ? kind : FieldKind.malformed;
}

function unnamed(name: string): FieldKindCode {
  if (name.startsWith(':')) return FieldKind.unknownPseudo;
  return NAME.test(name) ? FieldKind.regular : FieldKind.malformed;
}

/** Whether a name may be sent: a lower-case token that is neither a pseudo-header nor connection-specific. */
export function isFieldName(name: string): boolean {
  const kind = NAMED.get(name);
  if (kind === FieldKind.regular) return true;
  return unnamed(name) === FieldKind.regular && kind !== FieldKind.ofConnection;
}

const NUL = 0x00;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * Whether a value is valid: without NUL, CR and LF, and without leading or trailing spaces (RFC 9113, section 8.2.1).
 */
export function isFieldValue(value: string): boolean {
  const last = value.length - 1;
  if (last < 0) return true;
  for (let at = 0; at <= last; at++) {
    const code = value.charCodeAt(at);
    if (code <= CR && (code === NUL || code === LF || code === CR)) return false;
  }
  return !isSpace(value.charCodeAt(0)) && !isSpace(value.charCodeAt(last));
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}
