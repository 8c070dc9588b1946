import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.js';

describe('nearest', () => {
  it.each([
    ['tru', ['true', 'false'], 'true'],
    ['treu', ['true', 'false'], 'true'],
    ['inof', ['debug', 'info', 'warn'], 'info'],
    ['INFO', ['debug', 'info'], 'info'],
    ['Prot', ['Port', 'Path'], 'Port'],
    ['GRPCServr', ['GRPCDial', 'GRPCServer'], 'GRPCServer'],
    ['maxmsgsize', ['MaxMsgSize'], 'MaxMsgSize'],
    ['verbose', ['debug', 'info'], undefined],
    ['z', ['y'], undefined],
    ['', ['a'], undefined],
    ['x'.repeat(100_000), ['Port'], undefined],
  ])('of %.20s among %j is %s', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});
