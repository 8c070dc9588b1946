import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wellFormed } from '../details/detail-codec.js';
import { encodedBytes, toMessageText } from './message-text.js';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), utf16());

describe('message text', () => {
  it('stays as it is when it fits', () => {
    expect(toMessageText('Größe: 100 % 日本 🎉', 2048)).toBe('Größe: 100 % 日本 🎉');
  });

  it('is cut between characters', () => {
    expect(toMessageText('🎉🎉🎉', 30)).toBe('🎉🎉...');
    expect(toMessageText('abcdefghij', 8)).toBe('abcde...');
  });

  it('has no lone surrogates, which encodeURI refuses', () => {
    expect(toMessageText('a\ud800b', 100)).toBe('a\ufffdb');
  });

  it('never takes more than its bytes and never makes encodeURI throw', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 200 }), (text, maxBytes) => {
        const cut = toMessageText(text, maxBytes);
        expect(encodedBytes(cut)).toBeLessThanOrEqual(maxBytes);
        expect(decodeURI(encodeURI(cut))).toBe(cut);
        expect(cut === wellFormed(text) || cut.endsWith('...')).toBe(true);
      }),
    );
  });
});

function utf16(): fc.Arbitrary<string> {
  return fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));
}
