import { readFileSync } from 'node:fs';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { parseProtos, type ProtoSchema } from './parse-protos.js';
import type { ProtoFile } from './proto-files.js';

/** grpc.health.v1, as served by grpc-health-check. */
export function healthSchema(): ProtoSchema {
  return parseProtos([shipped('grpc/health/v1/health.proto', readFileSync(healthProtoPath, 'utf8'))]);
}

/** The two versions of gRPC's reflection, which differ only in their names. */
export function reflectionSchema(version: 'v1' | 'v1alpha'): ProtoSchema {
  const options = version === 'v1' ? V1_OPTIONS : '';
  const text = `syntax = "proto3";\npackage grpc.reflection.${version};\n${options}${REFLECTION}`;
  return parseProtos([shipped(`grpc/reflection/${version}/reflection.proto`, text)]);
}

function shipped(name: string, text: string): ProtoFile {
  return { name, path: name, text, asked: true, imports: [] };
}

const V1_OPTIONS = `option go_package = "google.golang.org/grpc/reflection/grpc_reflection_v1";
option java_multiple_files = true;
option java_package = "io.grpc.reflection.v1";
option java_outer_classname = "ServerReflectionProto";
`;

/** https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto, without its comments. */
const REFLECTION = `service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string host = 1;
  oneof message_request {
    string file_by_filename = 3;
    string file_containing_symbol = 4;
    ExtensionRequest file_containing_extension = 5;
    string all_extension_numbers_of_type = 6;
    string list_services = 7;
  }
}
message ExtensionRequest {
  string containing_type = 1;
  int32 extension_number = 2;
}
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response {
    FileDescriptorResponse file_descriptor_response = 4;
    ExtensionNumberResponse all_extension_numbers_response = 5;
    ListServiceResponse list_services_response = 6;
    ErrorResponse error_response = 7;
  }
}
message FileDescriptorResponse {
  repeated bytes file_descriptor_proto = 1;
}
message ExtensionNumberResponse {
  string base_type_name = 1;
  repeated int32 extension_number = 2;
}
message ListServiceResponse {
  repeated ServiceResponse service = 1;
}
message ServiceResponse {
  string name = 1;
}
message ErrorResponse {
  int32 error_code = 1;
  string error_message = 2;
}
`;
