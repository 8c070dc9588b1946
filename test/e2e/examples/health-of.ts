import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import type { TestService } from '@kun/core/testing';
import { protoPath as HEALTH_PROTO } from 'grpc-health-check';
import { call } from '../call.js';
import { serviceIn } from '../spawned-service.js';

/** What grpc.health.v1 says of a service as a whole. */
export async function healthOf(service: TestService): Promise<unknown> {
  const Health = makeGenericClientConstructor(serviceIn(HEALTH_PROTO, 'grpc.health.v1.Health'), 'Health');
  const health = new Health(service.grpcAddress, credentials.createInsecure());
  try {
    const { messages } = await call(health, 'Check', { requests: [{ service: '' }] });
    return messages[0]?.['status'];
  } finally {
    health.close();
  }
}
