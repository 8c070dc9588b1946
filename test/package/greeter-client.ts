import { join } from 'node:path';
import { credentials, loadPackageDefinition, type Client } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { startCall, type Outcome } from '../e2e/call.js';

/** Calls the `GreeterService` of a `greeter.proto` once; what comes of it is always an outcome. */
export async function greet(
  directory: string,
  port: number | undefined,
  name: string,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const { acme } = loadPackageDefinition(loadSync(join(directory, 'greeter.proto'))) as unknown as {
    acme: { greeter: { v1: { GreeterService: new (...args: unknown[]) => Client } } };
  };
  const client = new acme.greeter.v1.GreeterService(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await startCall(client, 'greet', { requests: [{ name }], metadata }).outcome;
  } finally {
    client.close();
  }
}
