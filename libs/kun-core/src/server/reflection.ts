import type { Server } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';

/** Serves grpc.reflection.v1 and v1alpha for everything that the protos define. */
export function serveReflection(server: Server, definitions: readonly PackageDefinition[]): void {
  new ReflectionService(Object.assign({}, ...definitions) as PackageDefinition).addToServer(server);
}
