import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import descriptor from 'protobufjs/ext/descriptor.js';
import type { ProtoSchema } from '../proto/parse-protos.js';

/** Serves grpc.reflection.v1 and v1alpha for everything that the protos define. */
export function serveReflection(server: Server, schemas: readonly ProtoSchema[]): void {
  const files = schemas.flatMap(({ root }) => root.toDescriptor('proto3').file ?? []);
  const fileDescriptorProtos = files.map((file) =>
    Buffer.from(descriptor.FileDescriptorProto.encode(file).finish()),
  );
  const all = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ all }).addToServer(server);
}
