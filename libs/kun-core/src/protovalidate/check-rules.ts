import { create, hasOption, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { DescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { createValidator, type ValidatorOptions } from '@bufbuild/protovalidate';
import * as rules from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { ProtoError } from '../proto/files/proto-source.js';

/** Whether a message, or one nested in it, has rules. */
export function hasRules(type: DescMessage): boolean {
  return messagesWithin(type, new Set()).some(
    (message) =>
      hasOption(message, rules.message) ||
      message.fields.some((field) => hasOption(field, rules.field)) ||
      message.oneofs.some((oneof) => hasOption(oneof, rules.oneof)),
  );
}

/**
 * Compiles the rules of a message and of all nested messages.
 *
 * @throws {ProtoError} for the first rule that cannot be compiled, with its proto, message and field.
 */
export function checkRules(type: DescMessage, options: ValidatorOptions): void {
  const whole = compileError(type, type, options);
  if (!whole) return;
  for (const message of messagesWithin(type, new Set())) {
    // Nested messages were checked before, so an error now concerns the field itself.
    const field = message.fields.find((each) => compileError(message, onlyField(message, each), options));
    const error = compileError(message, field ? onlyField(message, field) : message, options);
    if (error) throw broken(message, field, error);
  }
  throw broken(type, undefined, whole);
}

function broken({ file, typeName }: DescMessage, field: DescField | undefined, cause: Error): ProtoError {
  const place = field ? `${typeName}.${field.name}` : typeName;
  return new ProtoError(`${file.proto.name}: ${place}: a rule cannot be compiled: ${cause.message}`, {
    cause,
  });
}

/** The message with a single field, and without rules of its own. */
function onlyField(message: DescMessage, field: DescField): DescMessage {
  return {
    ...message,
    proto: create(DescriptorProtoSchema, { name: message.name }),
    fields: [field],
    members: [field],
    oneofs: [],
  };
}

/**
 * Rules are compiled when the first message is checked; errors of evaluating them, such as a division by zero, do not
 * matter here.
 */
function compileError(type: DescMessage, ruled: DescMessage, options: ValidatorOptions): Error | undefined {
  const result = createValidator(options).validate(ruled, create(type));
  return result.kind === 'error' && result.error.name === 'CompilationError' ? result.error : undefined;
}

/** A message and all nested messages, innermost first. */
function messagesWithin(type: DescMessage, seen: Set<DescMessage>): DescMessage[] {
  if (seen.has(type)) return [];
  seen.add(type);
  const inner = type.fields.flatMap(({ message }) => (message ? messagesWithin(message, seen) : []));
  return [...inner, type];
}
