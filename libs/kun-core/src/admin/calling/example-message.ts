import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';

/** How deep nested messages are shown. */
const MAX_DEPTH = 4;

/** The JSON form of Google's well-known types. */
const WELL_KNOWN: Readonly<Record<string, unknown>> = {
  'google.protobuf.Timestamp': '2026-01-31T12:00:00Z',
  'google.protobuf.Duration': '1.5s',
  'google.protobuf.FieldMask': '',
  'google.protobuf.Struct': {},
  'google.protobuf.Value': null,
  'google.protobuf.ListValue': [],
  'google.protobuf.Any': {},
  'google.protobuf.Empty': {},
  'google.protobuf.BoolValue': false,
  'google.protobuf.BytesValue': '',
  'google.protobuf.DoubleValue': 0,
  'google.protobuf.FloatValue': 0,
  'google.protobuf.Int32Value': 0,
  'google.protobuf.UInt32Value': 0,
  'google.protobuf.Int64Value': '0',
  'google.protobuf.UInt64Value': '0',
  'google.protobuf.StringValue': '',
};

/**
 * A message with every field, as JSON of protobuf; the values are those of a message that says nothing, so that to send it
 * asks for as little as can be. Of a oneof the first field stands for all.
 */
export function exampleMessage(message: DescMessage, depth = 0): unknown {
  if (Object.hasOwn(WELL_KNOWN, message.typeName)) return WELL_KNOWN[message.typeName];
  const fields = message.fields.filter((field) => isShown(field, depth));
  return Object.fromEntries(fields.map((field) => [field.jsonName, exampleValue(field, depth)]));
}

function isShown(field: DescField, depth: number): boolean {
  if (field.oneof && field.oneof.fields[0] !== field) return false;
  const nested = field.message && !Object.hasOwn(WELL_KNOWN, field.message.typeName);
  return !nested || depth < MAX_DEPTH;
}

function exampleValue(field: DescField, depth: number): unknown {
  const one = field.message
    ? exampleMessage(field.message, depth + 1)
    : field.enum
      ? field.enum.values[0]?.name
      : scalar(field.scalar);
  if (field.fieldKind === 'list') return [one];
  if (field.fieldKind === 'map') return { [exampleKey(field.mapKey)]: one };
  return one;
}

function exampleKey(type: ScalarType): string {
  if (type === ScalarType.STRING) return 'key';
  return type === ScalarType.BOOL ? 'false' : '0';
}

function scalar(type: ScalarType | undefined): unknown {
  if (type === ScalarType.STRING || type === ScalarType.BYTES) return '';
  if (type === ScalarType.BOOL) return false;
  return type !== undefined && TEXTUAL.has(type) ? '0' : 0;
}

/** Protobuf's JSON has 64-bit integers as strings. */
const TEXTUAL: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);
