import { array, assert, integer, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentLines } from './recent-lines.js';

const line = (fields: object) =>
  `${JSON.stringify({ level: 'info', time: '2026-01-31T12:00:00.000Z', ...fields })}\n`;
const as = (line: string) => line;

function kept(...lines: object[]): RecentLines {
  const recent = new RecentLines({ maxLines: 100, scrub: as });
  for (const fields of lines) recent.add(line(fields));
  return recent;
}

describe('RecentLines', () => {
  it('keeps the last lines, limited in number and in bytes', () => {
    assert(
      property(
        array(string({ maxLength: 200 }), { maxLength: 60 }),
        integer({ min: 1, max: 20 }),
        integer({ min: 300, max: 3000 }),
        (texts, maxLines, maxBytes) => {
          const recent = new RecentLines({ maxLines, maxBytes, scrub: as });
          const written = texts.map((msg) => line({ msg }));
          for (const each of written) recent.add(each);
          const { lines } = recent.find({ limit: 1000 });
          const last = written.slice(written.length - lines.length).toReversed();
          expect(lines.map(({ fields }) => fields)).toEqual(last.map((each) => JSON.parse(each) as unknown));
          const bytes = last.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
          expect(lines.length).toBe(recent.size);
          expect(lines.length).toBeLessThanOrEqual(maxLines);
          // The last is kept, however long.
          if (lines.length > 1) expect(bytes).toBeLessThanOrEqual(maxBytes);
          if (written.length > 0) expect(lines.length).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('finds by text anywhere, request id, level and time', () => {
    const recent = kept(
      { level: 'debug', msg: 'asked', request_id: 'a' },
      { level: 'warn', msg: 'slow', request_id: 'b', err: { cause: 'Connection REFUSED' } },
      { level: 'error', msg: 'failed', request_id: 'a', time: '2026-01-31T12:00:05.000Z' },
      { level: 'own', msg: 'of a level of their own' },
    );
    const found = (filter: object) =>
      recent.find({ limit: 10, ...filter }).lines.map(({ fields }) => fields['msg']);
    expect(found({ text: 'connection refused' })).toEqual(['slow']);
    expect(found({ requestId: 'a' })).toEqual(['failed', 'asked']);
    // Of a line that only mentions it, the id is not.
    expect(found({ requestId: 'slow' })).toEqual([]);
    expect(found({ level: 'warn' })).toEqual(['failed', 'slow']);
    expect(found({ since: '2026-01-31T12:00:05.000Z' })).toEqual(['failed']);
    expect(found({ requestId: 'a', level: 'error', text: 'FAIL' })).toEqual(['failed']);
  });

  it('is read on from where a search ended', () => {
    const recent = kept(...Array.from({ length: 7 }, (_, index) => ({ msg: `line ${index}` })));
    const seen: unknown[] = [];
    let before: number | undefined;
    for (;;) {
      const { lines, more } = recent.find({ limit: 3, before });
      seen.push(...lines.map(({ fields }) => fields['msg']));
      if (!more) break;
      before = lines.at(-1)?.seq;
    }
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `line ${index}`));
  });

  it('keeps of a long line the beginnings, and what everybody looks for', () => {
    const [texts, many] = [
      { msg: 'm'.repeat(50_000) },
      Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, i])),
    ];
    const recent = kept(texts, { ...many, msg: 'wide', request_id: 'a' });
    const [wide, long] = recent.find({ limit: 2 }).lines;
    expect(String(long?.fields['msg'])).toMatch(/^m{1000}… \(50000 characters\)$/);
    expect(wide?.fields).toEqual({
      level: 'info',
      time: expect.any(String) as string,
      msg: 'wide',
      request_id: 'a',
      left_out: expect.stringMatching(/^a line of \d+ characters$/) as string,
    });
  });

  it('keeps what is not JSON', () => {
    const recent = kept();
    recent.add('Assertion failed\n');
    expect(recent.find({ limit: 1 }).lines[0]?.fields).toEqual({ msg: 'Assertion failed\n' });
  });
});
