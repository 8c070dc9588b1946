import type { DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { shapeReader, type FieldOf, type MessageShape } from '../proto/message-shape.js';
import type { RpcDefinition, ServiceDefinition } from '../proto/service-definition.js';
import { esCodecs, type EsCodec, type EsForms } from './es-codec.js';
import { isNativeField } from './native-fields.js';

/** Creates service definitions for servers and clients; methods with the same message type share its codec. */
export function esServiceDefinitions(forms: EsForms): (service: DescService) => ServiceDefinition {
  const codecOf = esCodecs(forms);
  return (service) => {
    const shapeOf = shapeReader<DescMessage>(({ fields }) => fields.map(fieldOf));
    return Object.fromEntries(
      service.methods.map((method) => [method.name, rpcDefinition(method, codecOf, shapeOf)]),
    );
  };
}

function rpcDefinition(
  { name, localName, parent, methodKind: kind, input, output, idempotency }: DescMethod,
  codecOf: (type: DescMessage) => EsCodec,
  shapeOf: (type: DescMessage) => MessageShape,
): RpcDefinition {
  const [requests, responses] = [codecOf(input), codecOf(output)];
  return {
    originalName: localName,
    path: `/${parent.typeName}/${name}`,
    requestStream: kind === 'client_streaming' || kind === 'bidi_streaming',
    responseStream: kind === 'server_streaming' || kind === 'bidi_streaming',
    requestSerialize: (message) => requests.encode(message),
    requestDeserialize: (bytes) => requests.decode(bytes),
    responseSerialize: (message) => responses.encode(message),
    responseDeserialize: (bytes) => responses.decode(bytes),
    options: { idempotency_level: Idempotency[idempotency] },
    messages: {
      emptyResponse: output.fields.length === 0,
      shapes: () => ({ request: shapeOf(input), response: shapeOf(output) }),
    },
  };
}

function fieldOf(field: DescField): FieldOf<DescMessage> {
  return {
    name: field.localName,
    redacted: field.proto.options?.debugRedact === true,
    isBytes: false,
    isMap: field.fieldKind === 'map',
    ...(field.oneof && { oneof: field.oneof.localName }),
    type: isNativeField(field) ? undefined : field.message,
  };
}
