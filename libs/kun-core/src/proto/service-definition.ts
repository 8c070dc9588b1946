import type { MethodDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { camelName } from './values/field-plan.js';
import { isWellKnown } from './codec/well-known.js';
import { messageCodecs, type MessageCodec } from './codec/message-codec.js';
import { shapeReader, type MessageShape, type MethodShapes } from './message-shape.js';
import type { MessageForms } from './values/message-forms.js';

/** A method as grpc-js defines it, with facts about its messages. */
export interface RpcDefinition extends Omit<
  MethodDefinition<unknown, unknown>,
  'options' | 'requestType' | 'responseType' | 'originalName'
> {
  /** The method's name in clients. */
  readonly originalName: string;
  readonly options: { readonly idempotency_level?: string | undefined };
  readonly messages: MethodMessages;
}

/** What is known about a method's messages, apart from how they are encoded and decoded. */
export interface MethodMessages {
  /** Whether the response has no fields, so that a handler may return nothing. */
  readonly emptyResponse: boolean;
  /**
   * Whether a message's bytes share no memory with anything else: decoded requests are not views of them, and responses
   * are encoded into memory of their own. Default: false
   */
  readonly ownMemory?: boolean;
  /** The shapes of the messages. */
  shapes(): MethodShapes;
}

/** A service's methods by name; a `ServiceDefinition` of grpc-js. */
export type ServiceDefinition = Readonly<Record<string, RpcDefinition>>;

/** Creates the service definitions of a set of protos; methods with the same message type share its codec. */
export function serviceDefinitions(forms: MessageForms): (service: protobuf.Service) => ServiceDefinition {
  const codecOf = messageCodecs(forms);
  const nameOf = ({ name }: protobuf.Field): string =>
    forms.fieldNames === 'camel' ? camelName(name) : name;
  return (service) => {
    const shapeOf = shapeReader<protobuf.Type>((type) =>
      type.fieldsArray.map((field) => ({
        name: nameOf(field),
        redacted: field.options?.['debug_redact'] === true,
        isBytes: field.type === 'bytes',
        isMap: field.map,
        type: hasShape(field.resolvedType) ? field.resolvedType : undefined,
      })),
    );
    return Object.fromEntries(
      service.methodsArray.map((method) => [method.name, rpcDefinition(method, codecOf, shapeOf)]),
    );
  };
}

/** A Date, like that of a Timestamp, has no shape, and neither have the other native values of Google's types. */
function hasShape(type: protobuf.ReflectionObject | null): type is protobuf.Type {
  return type instanceof protobuf.Type && !isWellKnown(type);
}

function rpcDefinition(
  method: protobuf.Method,
  codecOf: (type: protobuf.Type) => MessageCodec,
  shapeOf: (type: protobuf.Type) => MessageShape,
): RpcDefinition {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (!request || !response) throw new TypeError(`the types of ${method.fullName} are not resolved`);
  const [requests, responses] = [codecOf(request), codecOf(response)];
  return {
    // The lower camel case name that grpc-js clients also use.
    originalName: method.name.charAt(0).toLowerCase() + method.name.slice(1),
    path: `/${(method.parent?.fullName ?? '').slice(1)}/${method.name}`,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: (message) => requests.encode(message),
    requestDeserialize: (bytes) => requests.decode(bytes),
    responseSerialize: (message) => responses.encode(message),
    responseDeserialize: (bytes) => responses.decode(bytes),
    options: { idempotency_level: method.getOption('idempotency_level') as string | undefined },
    messages: {
      emptyResponse: response.fieldsArray.length === 0,
      ownMemory: !hasBytes(request),
      shapes: () => ({ request: shapeOf(request), response: shapeOf(response) }),
    },
  };
}

/** Whether a message contains `bytes`, which are decoded as views. */
function hasBytes(type: protobuf.Type, seen = new Set<protobuf.Type>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fieldsArray.some(
    (field) =>
      field.type === 'bytes' ||
      (field.resolvedType instanceof protobuf.Type && hasBytes(field.resolvedType, seen)),
  );
}
