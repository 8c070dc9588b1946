import type { MethodDefinition } from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import { camelName } from './values/field-plan.js';
import { isWellKnown } from './codec/well-known.js';
import { messageCodecs, type MessageCodec } from './codec/message-codec.js';
import type { MessageForms } from './values/message-forms.js';

/** A method as grpc-js takes it, and the types of its messages. */
export interface RpcDefinition extends Omit<
  MethodDefinition<unknown, unknown>,
  'options' | 'requestType' | 'responseType'
> {
  readonly options: { readonly idempotency_level?: string | undefined };
  readonly messages: {
    readonly request: protobuf.Type;
    readonly response: protobuf.Type;
    /** A field's name in JavaScript. */
    nameOf(field: protobuf.Field): string;
    /** Whether the values of fields of the type are no messages but what the language has for them. */
    isNative(type: protobuf.Type): boolean;
  };
}

/** The methods of a service by name; a `ServiceDefinition` of grpc-js. */
export type ServiceDefinition = Readonly<Record<string, RpcDefinition>>;

/** Makes services of one set of protos; messages that several methods share have one codec. */
export function serviceDefinitions(forms: MessageForms): (service: protobuf.Service) => ServiceDefinition {
  const codecOf = messageCodecs(forms);
  const nameOf = ({ name }: protobuf.Field): string =>
    forms.fieldNames === 'camel' ? camelName(name) : name;
  const look = { nameOf, isNative: isWellKnown };
  return (service) =>
    Object.fromEntries(
      service.methodsArray.map((method) => [method.name, rpcDefinition(method, codecOf, look)]),
    );
}

function rpcDefinition(
  method: protobuf.Method,
  codecOf: (type: protobuf.Type) => MessageCodec,
  look: Pick<RpcDefinition['messages'], 'nameOf' | 'isNative'>,
): RpcDefinition {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (!request || !response) throw new TypeError(`the types of ${method.fullName} are not resolved`);
  const [requests, responses] = [codecOf(request), codecOf(response)];
  return {
    // By which clients of grpc-js have the method in lower camel case, too.
    originalName: method.name.charAt(0).toLowerCase() + method.name.slice(1),
    path: `/${(method.parent?.fullName ?? '').slice(1)}/${method.name}`,
    requestStream: method.requestStream ?? false,
    responseStream: method.responseStream ?? false,
    requestSerialize: (message) => requests.encode(message),
    requestDeserialize: (bytes) => requests.decode(bytes),
    responseSerialize: (message) => responses.encode(message),
    responseDeserialize: (bytes) => responses.decode(bytes),
    options: { idempotency_level: method.getOption('idempotency_level') as string | undefined },
    messages: { request, response, ...look },
  };
}
