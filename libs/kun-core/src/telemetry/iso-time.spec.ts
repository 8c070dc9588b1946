import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from './iso-time.js';

it('writes what toISOString writes, whatever order times come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })),
      (dates) => {
        let now = 0;
        const time = isoTime({ now: () => now });
        for (const date of dates) {
          now = date.getTime();
          expect(time()).toBe(`,"time":"${date.toISOString()}"`);
        }
      },
    ),
  );
});
