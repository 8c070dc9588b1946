import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { expect } from 'vitest';
import { attempt } from '../src/client/call/attempt.js';
import type { ClientCall } from '../src/client/call/client-call.js';
import { loadTestProtos, serveHandlers, type Handlers } from './serve.js';

/** A real upstream of the handlers, and attempts at it; `ends` is called after the test. */
export async function upstreamOf(
  ends: Array<() => unknown>,
  handlers: Handlers,
  options: { maxReceivedBytes?: number } = {},
) {
  const rpcs = loadTestProtos().services.get('t.v1.T');
  const service = await serveHandlers(handlers);
  const client = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure(), {
    ...(options.maxReceivedBytes && { 'grpc.max_receive_message_length': options.maxReceivedBytes }),
  });
  ends.push(
    () => service.stop(),
    () => client.close(),
  );
  const leftOut: string[] = [];
  const target = {
    client,
    upstream: { name: 'cache', policy: 'pass' as const },
    onLeftOut: ({ name }: { name: string }) => leftOut.push(name),
  };
  return {
    ...service,
    client,
    leftOut,
    try: (rpc: string, call: ClientCall) =>
      attempt(target, rpcs?.[rpc] as MethodDefinition<unknown, unknown>, call),
    /** How the upstream saw its calls end. */
    codes: async (count: number) => {
      await expect.poll(() => [service.endings.length, service.server.openCalls.size]).toEqual([count, 0]);
      return service.endings.map(({ ending }) => ending.code);
    },
  };
}
