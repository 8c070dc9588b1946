import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.js';
import { EventHub, INTERVAL_MS } from './event-hub.js';

/** A response whose reader takes nothing, or everything. */
class FakeReader extends EventEmitter {
  text = '';
  writableLength = 0;
  destroyed = false;

  constructor(private readonly takes = true) {
    super();
  }
  writeHead(): void {}
  write(text: string): void {
    this.text += text;
    if (!this.takes) this.writableLength += text.length;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function hub(data = 'x') {
  const clock = new FakeClock();
  const looks = { news: 0, idle: 0 };
  const source = {
    whole: () => Promise.resolve([{ name: 'status', data: '"all"' }]),
    news: () => {
      looks.news++;
      return Promise.resolve([{ name: 'status', data: JSON.stringify(data) }]);
    },
    idle: () => void looks.idle++,
  };
  const events = new EventHub(source, clock);
  const add = async (reader: FakeReader) => {
    await events.add(reader as unknown as ServerResponse);
    return reader;
  };
  return { clock, events, looks, add };
}

it('looks for changes once for all readers, and not at all without readers', async () => {
  const { clock, looks, add, events } = hub();
  expect(clock.scheduled).toBe(0);
  const readers = [await add(new FakeReader()), await add(new FakeReader())];
  await clock.advance(INTERVAL_MS * 3);
  expect(looks).toEqual({ news: 3, idle: 0 });
  for (const { text } of readers) {
    expect(text.match(/^event: status$/gm)).toHaveLength(4);
    expect(text).toMatch(/^retry: 2000\n\nevent: status\ndata: "all"\n\n/);
  }
  for (const reader of readers) reader.emit('close');
  expect(clock.scheduled).toBe(0);
  expect(looks.idle).toBe(1);
  await clock.advance(INTERVAL_MS * 10);
  expect(looks.news).toBe(3);
  expect(events.size).toBe(0);
});

it('drops a reader that takes nothing, and serves the others on', async () => {
  const { clock, add, events } = hub('x'.repeat(100_000));
  const asleep = await add(new FakeReader(false));
  const awake = await add(new FakeReader());
  await clock.advance(INTERVAL_MS * 20);
  expect(asleep.destroyed).toBe(true);
  expect(asleep.text.length).toBeLessThan(700_000);
  expect(awake.destroyed).toBe(false);
  expect(events.size).toBe(1);
});

it('has room for eight, and again when one has gone', async () => {
  const { add } = hub();
  const readers = await Promise.all(Array.from({ length: 8 }, () => add(new FakeReader())));
  await expect(add(new FakeReader())).rejects.toMatchObject({ status: 503 });
  readers[0]?.emit('close');
  await expect(add(new FakeReader())).resolves.toBeDefined();
});

it('ends with the port', async () => {
  const { clock, events, add } = hub();
  await add(new FakeReader());
  events.stop();
  expect(clock.scheduled).toBe(0);
  await expect(add(new FakeReader())).rejects.toMatchObject({ status: 503 });
});
