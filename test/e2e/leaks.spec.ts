import { hasSubscribers } from 'node:diagnostics_channel';
import { status } from '@grpc/grpc-js';
import { startTestService } from '@kun/core/testing';
import { expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { kindsController } from './kinds-controller.js';

const engine = process.env['KUN_CONF__GRPCSERVER__ENGINE'] ?? 'kun';

// In a file of its own: others leave connections that `fetch` keeps.
it('an application that has stopped, or failed to start, leaves nothing behind in the process', async () => {
  const root = kindsModule({ controllers: [kindsController({ unary: () => ({ n: 1 }) })] });
  const heldBefore = held();
  const listenersBefore = listeners();
  for (let round = 0; round < 2; round++) {
    const service = await startTestService(root, { ports: { http: 0 } });
    expect(await call(service.grpcClient(KINDS), 'Unary')).toMatchObject({ code: status.OK });
    // grpc-js does not say how a call ended, so that engine listens to Node's channels; kun's own has no need to.
    const streams = engine === 'grpc-js' ? 1 : 0;
    expect(held()).toMatchObject({ TCPServerWrap: 3, streamStarts: streams, streamEnds: streams });
    const ports = { grpc: service.app.ports.grpc ?? 0, http: 0 };
    await expect(startTestService(root, { ports })).rejects.toThrow('in use');
    await service.close();
    await expect.poll(held).toEqual(heldBefore);
  }
  expect(listeners()).toEqual(listenersBefore);
});

/** What keeps a process alive, and what listens to all HTTP/2 streams of it. */
function held(): Record<string, number> {
  const resources = process.getActiveResourcesInfo();
  return {
    TCPServerWrap: resources.filter((name) => name === 'TCPServerWrap').length,
    TCPSocketWrap: resources.filter((name) => name === 'TCPSocketWrap').length,
    streamStarts: Number(hasSubscribers('http2.server.stream.start')),
    streamEnds: Number(hasSubscribers('http2.server.stream.close')),
  };
}

function listeners(): object {
  return Object.fromEntries(process.eventNames().map((event) => [event, process.listenerCount(event)]));
}
