import {
  create,
  createFileRegistry,
  fromBinary,
  isMessage,
  type DescMessage,
  type FileRegistry,
  type Message,
} from '@bufbuild/protobuf';
import * as wkt from '@bufbuild/protobuf/wkt';
import { createValidator, type Validator, type ValidatorOptions } from '@bufbuild/protovalidate';
import { DescriptorIndex } from '../proto/descriptor/descriptor-index.js';
import { fileRegistry } from '../proto/descriptor/file-registry.js';
import type { CompilableRules, RequestCheck, RequestRules, RuledProtos } from '../proto/request-rules.js';
import { internal } from '../status/factories.js';
import { checkRules, hasRules } from './check-rules.js';
import { violationsError } from './violations.js';

/** Options of {@link protovalidate}: those of `createValidator` in `@bufbuild/protovalidate`. */
export type ProtovalidateOptions = Pick<ValidatorOptions, 'failFast' | 'regexMatch' | 'legacyRequired'>;

/**
 * Validates requests by the protovalidate rules in their protos (`(buf.validate.field)` and the like): each request
 * message, also of streams, of every service in `proto`, after guards and before Nest's interceptors, pipes and the
 * handler. Rules are compiled once, at start; responses are not validated.
 *
 * ```ts
 * KunModule.forRoot({ service: 'shop', proto: { path: 'proto/shop.proto' }, rules: protovalidate() })
 * ```
 */
export function protovalidate(options: ProtovalidateOptions = {}): RequestRules {
  const rules: CompilableRules = {
    rulesOf: 'protovalidate',
    compile: (protos) => compile(protos, options),
  };
  return rules;
}

function compile(
  { schemas, methods }: RuledProtos,
  options: ProtovalidateOptions,
): Map<string, RequestCheck> {
  const index = new DescriptorIndex(schemas);
  const files = new Map<string, { registry: FileRegistry; validator: Validator }>();
  const checks = new Map<string, RequestCheck>();
  for (const path of methods) {
    const [, service = '', name = ''] = path.split('/');
    const file = index.fileContaining(service);
    if (!file) continue;
    let known = files.get(file.name);
    if (!known) {
      const registry = fileRegistry(file, { create, createFileRegistry, fromBinary, wkt });
      known = { registry, validator: createValidator({ ...options, registry }) };
      files.set(file.name, known);
    }
    const input = known.registry.getService(service)?.methods.find((method) => method.name === name)?.input;
    if (!input || !hasRules(input)) continue;
    checkRules(input, { ...options, registry: known.registry });
    checks.set(path, requestCheck(input, known.validator));
  }
  return checks;
}

function requestCheck(type: DescMessage, validator: Validator): RequestCheck {
  return (request, bytes) => {
    // Messages of protobuf-es are validated directly, others as protobuf-es decodes their bytes.
    const message: Message = isMessage(request, type) ? request : fromBinary(type, bytes);
    const result = validator.validate(type, message);
    if (result.kind === 'invalid') throw violationsError(type.typeName, result.violations);
    if (result.kind === 'error')
      throw internal(`the rules of ${type.typeName} cannot be evaluated`, { cause: result.error });
  };
}
