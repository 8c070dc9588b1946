import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('starts full and refuses when less than a token is left', () => {
    const budget = new RetryBudget({ capacity: 2, perSuccess: 0.5 });
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    budget.earn();
    expect(budget.take()).toBe(false);
    budget.earn();
    expect(budget.take()).toBe(true);
    budget.giveBack();
    expect(budget.tokens).toBe(1);
  });

  it('never has less than nothing or more than it holds, and never gives more than it got', () => {
    const step = constantFrom('earn' as const, 'take' as const);
    assert(
      property(array(step, { maxLength: 500 }), (steps) => {
        const budget = new RetryBudget({ capacity: 10, perSuccess: 0.5 });
        let taken = 0;
        for (const each of steps) {
          if (each === 'earn') budget.earn();
          else if (budget.take()) taken++;
          expect(budget.tokens).toBeGreaterThanOrEqual(0);
          expect(budget.tokens).toBeLessThanOrEqual(10);
        }
        expect(taken).toBeLessThanOrEqual(10 + steps.filter((each) => each === 'earn').length / 2);
      }),
    );
  });
});
