import { status } from '@grpc/grpc-js';
import { debugInfo } from '../details/details.js';
import type { StatusDetail } from '../details/detail-types.js';
import { StatusError } from '../status-error.js';

/** The texts that callers get instead of an internal one. */
const FIXED_TEXT: Partial<Record<status, string>> = {
  [status.CANCELLED]: 'Call cancelled',
  [status.DEADLINE_EXCEEDED]: 'Deadline exceeded',
  [status.RESOURCE_EXHAUSTED]: 'Resource exhausted',
  [status.ABORTED]: 'Aborted',
  [status.UNAVAILABLE]: 'Service unavailable',
};

export interface HiddenErrorOptions {
  /** The text for the caller. Default: a fixed text per code */
  readonly text?: string;
  /** Details for the caller. Default: none */
  readonly details?: readonly StatusDetail[];
  /** Adds the cause's text and stack as DebugInfo: for development only. Default: false */
  readonly development?: boolean;
}

/** An error whose text does not come from its cause, with the true one as `cause` for the log. Never throws */
export function hiddenError(code: status, cause: unknown, options: HiddenErrorOptions = {}): StatusError {
  const { details = [], development = false, text = FIXED_TEXT[code] ?? 'Internal server error' } = options;
  return new StatusError(code, text, {
    cause,
    hidesCause: true,
    details: development ? [...details, ...describe(cause)] : details,
  });
}

function describe(cause: unknown): StatusDetail[] {
  try {
    if (!(cause instanceof Error)) return [debugInfo({ detail: `Thrown: ${String(cause)}` })];
    const stackEntries = (cause.stack ?? '')
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
    return [debugInfo({ detail: `${cause.name}: ${cause.message}`, stackEntries })];
  } catch {
    return [debugInfo({ detail: 'Thrown: an unreadable value' })];
  }
}
