import { codeName } from '../status/code.js';
import type { StatusDetail } from '../status/details/detail-types.js';
import { StatusError } from '../status/status-error.js';

/** An error in the form it is logged. */
export interface SerializedError {
  /** The name of its class. */
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  /** Its cause, at most {@link MAX_CAUSES} deep. */
  readonly cause?: SerializedError | string;
  /** The errors of an AggregateError, at most {@link MAX_CAUSES}. */
  readonly errors?: ReadonlyArray<SerializedError | string>;
  /** A StatusError's details. */
  readonly details?: readonly unknown[];
  /** Its other properties with primitive values, such as `code: 'ECONNREFUSED'`; objects are omitted. */
  readonly [field: string]: unknown;
}

/** The maximum number of nested causes, or of errors in an aggregate. */
export const MAX_CAUSES = 8;

const MAX_TEXT_LENGTH = 16 * 1024;

/**
 * Describes anything that was thrown, bounded in size, and never throws itself.
 *
 * Properties that hold objects are omitted: errors of HTTP clients carry whole requests there, including headers with
 * credentials.
 */
export function serializeError(thrown: unknown): SerializedError | string {
  return describe(thrown, MAX_CAUSES);
}

function describe(thrown: unknown, depth: number): SerializedError | string {
  try {
    return thrown instanceof Error ? describeError(thrown, depth) : cut(asText(thrown));
  } catch {
    return 'an unreadable value';
  }
}

function describeError(error: Error, depth: number): SerializedError {
  const described: Record<string, unknown> = {
    type: error.constructor?.name || error.name,
    message: cut(error.message),
  };
  for (const [name, value] of Object.entries(error)) {
    if (name in described || name === 'stack' || name === 'cause') continue;
    if (typeof value === 'string') described[name] = cut(value);
    else if (typeof value === 'number' || typeof value === 'boolean') described[name] = value;
  }
  if (error instanceof StatusError) {
    described['code'] = codeName(error.code);
    delete described['hidesCause'];
    if (error.details.length > 0) described['details'] = error.details.map(describeDetail);
  }
  if (typeof error.stack === 'string') described['stack'] = cut(error.stack);
  if (depth > 0 && error.cause !== undefined) described['cause'] = describe(error.cause, depth - 1);
  if (depth > 0 && error instanceof AggregateError) {
    described['errors'] = error.errors.slice(0, MAX_CAUSES).map((part: unknown) => describe(part, depth - 1));
  }
  return described as unknown as SerializedError;
}

function describeDetail(detail: StatusDetail): unknown {
  if (detail.type !== 'google.protobuf.Any') return detail;
  return { type: detail.type, typeUrl: detail.typeUrl, bytes: detail.value.byteLength };
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? (JSON.stringify(value) ?? 'undefined') : String(value);
}

function cut(text: string): string {
  return text.length > MAX_TEXT_LENGTH
    ? `${text.slice(0, MAX_TEXT_LENGTH)}… (${text.length} characters)`
    : text;
}
