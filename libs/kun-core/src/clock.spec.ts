import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoFormatter } from './clock.js';

it('formats times as toISOString does, whatever order they come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })),
      (dates) => {
        const format = isoFormatter();
        for (const date of dates) expect(format(date.getTime())).toBe(date.toISOString());
      },
    ),
  );
});
