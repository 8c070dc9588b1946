import { describe, expect, it } from 'vitest';
import { MessageSlab } from './message-slab.js';

function written(slab: MessageSlab, text: string): Buffer {
  const writer = slab.begin();
  writer.uint32(10).string(text);
  return slab.end(writer);
}

describe('the slab of small messages', () => {
  it('never writes bytes again that it has handed out', () => {
    const slab = new MessageSlab();
    const texts = Array.from({ length: 3000 }, (_, index) => `${index} `.repeat(index % 90));
    const messages = texts.map((text) => written(slab, text));
    const expected = texts.map((text) => written(new MessageSlab(), text));
    expect(Buffer.concat(messages).equals(Buffer.concat(expected))).toBe(true);
  });

  it('is shared by what lies in it, and left by what does not fit', () => {
    const slab = new MessageSlab();
    const [one, large, other] = [written(slab, 'a'), written(slab, 'x'.repeat(20_000)), written(slab, 'b')];
    expect([one.buffer === other.buffer, one.buffer === large.buffer]).toEqual([true, false]);
    expect(other.byteOffset - one.byteOffset).toBe(one.length);
    expect(large.subarray(4).toString()).toBe('x'.repeat(20_000));
  });

  it('provides another writer while one is in use, and takes back one that was abandoned', () => {
    const slab = new MessageSlab();
    const outer = slab.begin();
    outer.uint32(10);
    expect(written(slab, 'inner').toString()).toBe('\n\u0005inner');
    outer.string('outer').uint32(18).fork();
    slab.drop(outer);
    expect(written(slab, 'next').toString()).toBe('\n\u0004next');
  });
});
