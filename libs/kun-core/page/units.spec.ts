import { expect, it } from 'vitest';
import { bytesText, durationText, numberText, shareText } from './units.js';

it.each([
  [null, '–'],
  [0.123, '0.12 ms'],
  [12.34, '12.3 ms'],
  [345.6, '346 ms'],
  [1240, '1.24 s'],
  [250_000, '4 min 10 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('%s ms is said as %s', (ms, text) => expect(durationText(ms)).toBe(text));

it.each([
  [0, '0 B'],
  [812, '812 B'],
  [3480, '3.4 KiB'],
  [125_829_120, '120 MiB'],
])('%s bytes are said as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

it('says numbers and shares shortly', () => {
  expect([numberText(0), numberText(0.34), numberText(12.55), numberText(1204)]).toEqual([
    '0',
    '0.3',
    '12.6',
    '1\u202f204',
  ]);
  expect(shareText(0.1254)).toBe('12.5 %');
});
