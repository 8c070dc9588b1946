import { once } from 'node:events';
import { connect } from 'node:http2';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { serveHandlers, type M } from '../../../../test/serve.js';

it('keeps no request of a call whose answer waits for its caller to read', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let request: WeakRef<M> | undefined;
  const service = await serveHandlers(
    {
      Unary: (message: M) => {
        request = new WeakRef(message);
        return { text: 'an answer', n: 0 };
      },
    },
    [],
    { engine: 'kun' },
  );
  const session = connect(`http://127.0.0.1:${service.port}`, { settings: { initialWindowSize: 0 } });
  const stream = session.request({
    ':method': 'POST',
    ':path': '/t.v1.T/Unary',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.from([0, 0, 0, 0, 3, 10, 1, 120]));
  // Headers go out ahead of any window; the message does not.
  await once(stream, 'response');
  expect(service.server.openCalls.size).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(request).toBeDefined();
  expect(request?.deref()).toBeUndefined();
  session.destroy();
  await service.stop();
});
