import { anything, array, assert, integer, property, record, string } from 'fast-check';
import { expect, it } from 'vitest';
import { boundedAnswer } from './bounded-answer.js';

const cuts = { list: 'items', narrow: 'by limit' };
const sizeOf = (answer: object) => JSON.stringify(answer).length;

it('is never longer than it may be, and says what is missing', () => {
  const answers = record({
    at: integer(),
    note: string({ maxLength: 3000 }),
    items: array(anything(), { maxLength: 50 }),
  });
  assert(
    property(answers, integer({ min: 1200, max: 3000 }), (given, most) => {
      const answer = JSON.parse(JSON.stringify(given)) as typeof given;
      const bounded = boundedAnswer(answer, cuts, most) as Partial<typeof answer> & {
        leftOut?: { items?: number; why: string };
      };
      expect(sizeOf(bounded)).toBeLessThanOrEqual(most);
      if (sizeOf(answer) <= most) expect(bounded).toBe(answer);
      else if (bounded.items) {
        expect(bounded.items.length + (bounded.leftOut?.items ?? 0)).toBe(answer.items.length);
        expect(bounded.leftOut?.why).toContain('by limit');
      } else expect(bounded.leftOut?.why).toContain('characters of JSON');
    }),
  );
});

it('keeps the beginning of the list', () => {
  const items = Array.from({ length: 100 }, (_, index) => ({ index, text: 'x'.repeat(50) }));
  expect(boundedAnswer({ at: 1, items }, cuts, 2000)).toMatchObject({
    at: 1,
    items: items.slice(0, 20),
    leftOut: {
      items: expect.any(Number) as number,
      why: 'the answer would be too long; ask for less: by limit',
    },
  });
});

it('gives the beginning of what has no list, or one too large item', () => {
  const large = { items: ['x'.repeat(5000)] };
  for (const bounded of [boundedAnswer(large, cuts, 1500), boundedAnswer(large, undefined, 1500)]) {
    expect(bounded).toMatchObject({ beginning: expect.stringMatching(/^\{"items":\["x+$/) as string });
  }
});
