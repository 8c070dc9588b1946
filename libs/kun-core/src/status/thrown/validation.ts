import type { FieldViolation } from '../details/detail-types.js';
import { badRequest } from '../details/details.js';
import { invalidArgument } from '../factories.js';
import { fieldOf, textOf } from '../details/field-of.js';
import type { StatusError } from '../status-error.js';

/** A `ValidationError` of class-validator (and of Nest's `ValidationPipe`) */
export interface ClassValidatorFailure {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly ClassValidatorFailure[];
}

/** An issue of Standard Schema (zod, valibot, arktype and others) */
export interface StandardSchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>;
}

/** How many violations are collected; a hostile request could have millions */
const MAX_VIOLATIONS = 100;
const MAX_DEPTH = 64;

/**
 * For `new ValidationPipe({ exceptionFactory: validationExceptionFactory })` and the same option of
 * `StandardSchemaValidationPipe`: INVALID_ARGUMENT with one BadRequest field violation for each failed rule.
 * Fields are paths as in `user.emails[0].address`. The first 100 violations are kept.
 */
export function validationExceptionFactory(
  failures: ReadonlyArray<ClassValidatorFailure | StandardSchemaIssue>,
  cause?: unknown,
): StatusError {
  const violations: FieldViolation[] = [];
  for (const failure of failures) {
    if ('property' in failure) collect(failure, [], violations);
    else if (violations.length < MAX_VIOLATIONS) violations.push(ofIssue(failure));
  }
  return invalidFields(violations, cause);
}

/** INVALID_ARGUMENT that names the first violation in its message and carries all as BadRequest */
export function invalidFields(fieldViolations: readonly FieldViolation[], cause?: unknown): StatusError {
  const [first] = fieldViolations;
  const more = fieldViolations.length - 1;
  const text = first ? describe(first) + (more > 0 ? ` (and ${more} more)` : '') : 'Invalid request';
  return invalidArgument(text, {
    ...(cause !== undefined && { cause }),
    details: first ? [badRequest({ fieldViolations })] : [],
  });
}

/** A path as BadRequest writes it: `['user', 'emails', 0, 'address']` is `user.emails[0].address` */
export function fieldPath(segments: readonly PropertyKey[]): string {
  return segments
    .map(String)
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '');
}

/** Failures that something threw as they are; `undefined` for any other value */
export function validationFailuresIn(
  value: unknown,
): ReadonlyArray<ClassValidatorFailure | StandardSchemaIssue> | undefined {
  const list: unknown = Array.isArray(value) ? value : fieldOf(value, 'issues');
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const known = Array.isArray(value) ? isClassValidatorFailure : isIssue;
  return list.every(known) ? list : undefined;
}

function collect(failure: ClassValidatorFailure, parents: readonly string[], into: FieldViolation[]): void {
  const path = [...parents, failure.property];
  for (const [rule, description] of Object.entries(failure.constraints ?? {})) {
    if (into.length >= MAX_VIOLATIONS) return;
    into.push({ field: fieldPath(path), description, reason: upperSnake(rule) });
  }
  if (path.length >= MAX_DEPTH) return;
  for (const child of failure.children ?? []) {
    if (into.length >= MAX_VIOLATIONS) return;
    collect(child, path, into);
  }
}

function ofIssue(issue: StandardSchemaIssue): FieldViolation {
  const segments = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  const code = textOf(issue, 'code');
  return {
    field: fieldPath(segments),
    description: issue.message,
    // zod names the rule; the standard has no place for it.
    ...(code !== '' && { reason: upperSnake(code) }),
  };
}

function describe({ field, description }: FieldViolation): string {
  const last = field.slice(field.lastIndexOf('.') + 1);
  return field === '' || description.includes(last) ? description : `${field}: ${description}`;
}

/** `isEmail` and `invalid_type` as `IS_EMAIL` and `INVALID_TYPE`, the form that google.rpc asks of a reason */
function upperSnake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

function isClassValidatorFailure(value: unknown): value is ClassValidatorFailure {
  return (
    typeof fieldOf(value, 'property') === 'string' &&
    (typeof fieldOf(value, 'constraints') === 'object' || Array.isArray(fieldOf(value, 'children')))
  );
}

function isIssue(value: unknown): value is StandardSchemaIssue {
  const path = fieldOf(value, 'path');
  return typeof fieldOf(value, 'message') === 'string' && (path === undefined || Array.isArray(path));
}

/**
 * The failures that came of checking a request, by the error. An object cannot say so of itself: a `ZodError` of a row
 * from a database looks the same.
 */
const ofRequests = new WeakSet<object>();

/** Remembers that the error came of checking a request, which pipes do: what it says of fields is the caller's to know. */
export function markRequestFailure(error: unknown): void {
  if (typeof error === 'object' && error !== null) ofRequests.add(error);
}

/** Whether it did. */
export function isRequestFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && ofRequests.has(error);
}
