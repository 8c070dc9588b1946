import { pathToString } from '@bufbuild/protobuf/reflect';
import type { Violation } from '@bufbuild/protovalidate';
import { badRequest } from '../status/details/details.js';
import type { FieldViolation } from '../status/details/detail-types.js';
import { invalidArgument } from '../status/factories.js';
import type { StatusError } from '../status/status-error.js';

/** The maximum number of violations in a response: they are sent as trailers, which every peer limits. */
const MAX_VIOLATIONS = 16;
/**
 * The maximum length of a field's path (which contains map keys) and of a rule's text, in characters; callers may
 * control both.
 */
const MAX_LENGTH = 128;

/**
 * INVALID_ARGUMENT with the violations as `google.rpc.BadRequest`: each has the field's path and a description that
 * ends with the rule's id. Only the first 16 are listed, with the number of the others.
 */
export function violationsError(messageType: string, violations: readonly Violation[]): StatusError {
  const told = violations.slice(0, MAX_VIOLATIONS).map(fieldViolation);
  const rest = violations.length - 1;
  const [first] = told;
  const where = first?.field ? `${first.field}: ` : '';
  const more = rest === 0 ? '' : `, and ${rest} more ${rest === 1 ? 'violation' : 'violations'}`;
  return invalidArgument(`${messageType}: ${where}${first?.description ?? 'invalid'}${more}`, {
    details: [badRequest({ fieldViolations: told })],
  });
}

function fieldViolation({ field, message, ruleId, forKey }: Violation): FieldViolation {
  const text = message === '' ? 'violates the rule' : message;
  return {
    field: cut(pathToString(field)),
    description: `${forKey ? 'the key: ' : ''}${cut(text)} [${cut(ruleId)}]`,
  };
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH).toWellFormed()}…` : text;
}
