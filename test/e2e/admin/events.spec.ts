import type { IncomingMessage } from 'node:http';
import { deferred } from '@kun/core/testing';
import { expect, it } from 'vitest';
import { startLinked } from '../clients/linked-service.js';
import { ask, open } from './admin-port.js';

/** The events of a stream, as they come. */
async function* eventsOf(response: IncomingMessage): AsyncGenerator<{ name: string; data: unknown }> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (name !== undefined) yield { name, data: JSON.parse(data ?? '') as unknown };
    }
  }
}

it('sends all there is, and then what changes, until the service stops', async () => {
  const [entered, release] = [deferred(), deferred()];
  const service = await startLinked({
    handlers: {
      async unary() {
        entered.resolve();
        await release.promise;
        throw new Error('the disk is full');
      },
    },
  });
  const response = await open(service.adminUrl, '/events');
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  const events = eventsOf(response);
  const next = async (wanted: string, matches: (data: unknown) => boolean = () => true) => {
    for await (const { name, data } of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) {
      if (name === wanted && matches(data)) return data;
    }
    throw new Error(`the stream ended without ${wanted}`);
  };
  for (const name of ['status', 'loglevel', 'config', 'calls', 'recent', 'channels', 'errors'])
    await next(name);

  const client = service.client<{ unary(request: object): Promise<unknown> }>('kun.test.v1.Kinds');
  const pending = client.unary({}).catch(() => 'failed');
  await entered.promise;
  expect(await next('calls', (data) => JSON.stringify(data).includes('Kinds/Unary'))).toMatchObject({
    inFlight: { server: 1 },
  });
  release.resolve();
  await pending;
  expect(await next('calls')).toMatchObject({ inFlight: { server: 0, calls: [] } });
  expect(await next('errors')).toMatchObject({ errors: [{ causes: [{ message: 'the disk is full' }] }] });

  await service.close();
  const rest: unknown[] = [];
  for await (const event of events) rest.push(event);
  expect(response.complete).toBe(true);
}, 30_000);

it('is off without the page', async () => {
  await using service = await startLinked({ handlers: {}, config: { Admin: { Page: false } } });
  expect((await ask(service.adminUrl, '/events')).status).toBe(404);
  expect((await ask(service.adminUrl, '/callz')).status).toBe(200);
});
