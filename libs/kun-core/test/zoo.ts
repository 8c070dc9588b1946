import protobuf from 'protobufjs';
import { messageCodec, type MessageCodec } from '../src/proto/codec/message-codec.js';
import { DEFAULT_FORMS, type MessageForms } from '../src/proto/values/message-forms.js';

/** Codecs of the messages of a proto's text; Google's own files come with protobufjs. */
export function codecsOf(text: string, forms: Partial<MessageForms> = {}): (name: string) => MessageCodec {
  const root = new protobuf.Root();
  for (const name of ['any', 'struct', 'timestamp', 'duration', 'wrappers', 'field_mask', 'empty']) {
    const file = protobuf.common.get(`google/protobuf/${name}.proto`);
    if (file?.nested) root.addJSON(file.nested);
  }
  protobuf.parse(text, root, { keepCase: true });
  root.resolveAll();
  return (name) => messageCodec(root.lookupType(name), { ...DEFAULT_FORMS, ...forms });
}

/** Every kind of field that proto3 has. */
export const PROTO3 = `syntax = "proto3"; package z;
enum Color { RED = 0; GREEN = 1; BLUE = 2; }
message Money { string currency = 1; int64 units = 2; }
message Item { string sku = 1; Money price = 2; }
message All {
  double f_double = 1; float f_float = 2; int32 f_int32 = 3; int64 f_int64 = 4; uint32 f_uint32 = 5; uint64 f_uint64 = 6;
  sint32 f_sint32 = 7; sint64 f_sint64 = 8; fixed32 f_fixed32 = 9; fixed64 f_fixed64 = 10; sfixed32 f_sfixed32 = 11;
  sfixed64 f_sfixed64 = 12; bool f_bool = 13; string f_string = 14; bytes f_bytes = 15; Color f_color = 16;
  Money f_money = 17; optional int32 o_int32 = 18; optional string o_string = 19; optional Color o_color = 20;
  repeated int32 r_int32 = 21; repeated string r_string = 22; repeated Item items = 23; repeated Color r_color = 24;
  repeated int64 r_int64 = 25; repeated int32 r_expanded = 26 [packed = false];
  map<string, string> m_string = 27; map<int32, Money> m_int32 = 28; map<int64, string> m_int64 = 29;
  map<bool, int32> m_bool = 30; map<string, Color> m_color = 31; map<uint64, bytes> m_uint64 = 32;
  oneof choice { string text = 33; int32 number = 34; Money cash = 35; }
  All self = 36; repeated bool r_bool = 37; repeated double r_double = 38; repeated bytes r_bytes = 39;
}
message Odd { string constructor = 1; string toString = 2; int32 hasOwnProperty = 3; string _leading = 4; string FOO_BAR = 5; int32 line_1 = 6; }
message Nothing {}
`;

/** The well-known types, each as a field. */
export const KNOWN = `syntax = "proto3"; package w;
import "google/protobuf/any.proto"; import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/field_mask.proto";
import "google/protobuf/empty.proto";
message Note { string text = 1; }
message Known {
  google.protobuf.Timestamp at = 1; google.protobuf.Duration ttl = 2; google.protobuf.Struct struct = 3;
  google.protobuf.Value value = 4; google.protobuf.ListValue list = 5; google.protobuf.FieldMask mask = 6;
  google.protobuf.Any any = 7; google.protobuf.Empty empty = 8; google.protobuf.StringValue w_string = 9;
  google.protobuf.Int64Value w_int64 = 10; google.protobuf.BoolValue w_bool = 11; google.protobuf.BytesValue w_bytes = 12;
  google.protobuf.DoubleValue w_double = 13; repeated google.protobuf.Timestamp times = 14;
  map<string, google.protobuf.Value> values = 15;
}
`;
