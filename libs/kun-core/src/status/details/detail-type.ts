import protobuf, { type INamespace, type IType, type Type } from 'protobufjs/light.js';

/**
 * The messages of google/rpc/status.proto and google/rpc/error_details.proto, with Duration and Any of
 * google/protobuf, in protobufjs' own form. They are a fixed standard, so they stand here as data, and no
 * .proto file must be found and parsed at run time.
 */
const SCHEMA: INamespace = {
  nested: {
    Duration: message({ seconds: [1, 'int64'], nanos: [2, 'int32'] }),
    Any: message({ typeUrl: [1, 'string'], value: [2, 'bytes'] }),
    Status: message({ code: [1, 'int32'], message: [2, 'string'], details: [3, 'Any', 'repeated'] }),
    ErrorInfo: message({ reason: [1, 'string'], domain: [2, 'string'], metadata: [3, 'string', 'map'] }),
    RetryInfo: message({ retryDelay: [1, 'Duration'] }),
    DebugInfo: message({ stackEntries: [1, 'string', 'repeated'], detail: [2, 'string'] }),
    QuotaFailure: message(
      { violations: [1, 'Violation', 'repeated'] },
      {
        Violation: message({
          subject: [1, 'string'],
          description: [2, 'string'],
          apiService: [3, 'string'],
          quotaMetric: [4, 'string'],
          quotaId: [5, 'string'],
          quotaDimensions: [6, 'string', 'map'],
          quotaValue: [7, 'int64'],
          futureQuotaValue: [8, 'int64', 'optional'],
        }),
      },
    ),
    PreconditionFailure: message(
      { violations: [1, 'Violation', 'repeated'] },
      { Violation: message({ type: [1, 'string'], subject: [2, 'string'], description: [3, 'string'] }) },
    ),
    BadRequest: message(
      { fieldViolations: [1, 'FieldViolation', 'repeated'] },
      {
        FieldViolation: message({
          field: [1, 'string'],
          description: [2, 'string'],
          reason: [3, 'string'],
          localizedMessage: [4, 'LocalizedMessage'],
        }),
      },
    ),
    RequestInfo: message({ requestId: [1, 'string'], servingData: [2, 'string'] }),
    ResourceInfo: message({
      resourceType: [1, 'string'],
      resourceName: [2, 'string'],
      owner: [3, 'string'],
      description: [4, 'string'],
    }),
    Help: message(
      { links: [1, 'Link', 'repeated'] },
      { Link: message({ description: [1, 'string'], url: [2, 'string'] }) },
    ),
    LocalizedMessage: message({ locale: [1, 'string'], message: [2, 'string'] }),
  },
};

let root: protobuf.Root | undefined;

/** The codec of one message by its short name, such as `ErrorInfo`. Built on the first use and kept */
export function detailType(name: string): Type {
  root ??= protobuf.Root.fromJSON(SCHEMA);
  return root.lookupType(name);
}

/** `optional` distinguishes an explicit zero from an absent one. */
type FieldRow = [id: number, type: string, rule?: 'repeated' | 'map' | 'optional'];

function message(fields: Record<string, FieldRow>, nested?: INamespace['nested']): INamespace {
  const entries = Object.entries(fields).map(([name, [id, type, rule]]) => [
    name,
    {
      id,
      type,
      ...(rule === 'repeated' && { rule }),
      ...(rule === 'map' && { keyType: 'string' }),
      ...(rule === 'optional' && { options: { proto3_optional: true } }),
    },
  ]);
  // As protobuf itself writes a field with presence: alone in a oneof.
  const oneofs = Object.entries(fields)
    .filter(([, [, , rule]]) => rule === 'optional')
    .map(([name]) => [`_${name}`, { oneof: [name] }]);
  const type: IType = {
    fields: Object.fromEntries(entries),
    oneofs: Object.fromEntries(oneofs),
    ...(nested && { nested }),
  };
  return type;
}
