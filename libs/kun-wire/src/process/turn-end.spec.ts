import { expect, it, vi } from 'vitest';
import { TurnEnd } from './turn-end.js';

it('lets every connection write, and ends the turn, even if one of them fails', () => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
  const written: string[] = [];
  const end = new TurnEnd();
  end.afterwards(() => written.push('end of the turn'));
  end.add({ flush: () => written.push('first') });
  end.add({
    flush() {
      throw new Error('broken');
    },
  });
  end.add({ flush: () => written.push('last') });
  expect(() => vi.runAllTimers()).toThrow('broken');
  expect(written).toEqual(['first', 'last', 'end of the turn']);
  end.add({ flush: () => written.push('next turn') });
  vi.runAllTimers();
  expect(written.slice(3)).toEqual(['next turn', 'end of the turn']);
  vi.useRealTimers();
});
