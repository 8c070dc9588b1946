import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redaction } from '../logs/redaction.js';
import { settingsSchema } from '../settings/settings.js';
import { readRedactionPath } from './redaction-path.js';

describe('a redaction path', () => {
  it.each([
    ['password', { fields: ['password'] }],
    ['user.home_address.street2', { fields: ['user', 'home_address', 'street2'] }],
    ['**.password', { anywhere: 'password' }],
  ])('%s', (text, reading) => {
    expect(readRedactionPath(text)).toEqual(reading);
  });

  it.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '**',
    '**.',
    '**.a.b',
    'a.**',
    'a.*.b',
    'a b',
    'user-id',
    'a\n',
    '**.a\n',
    '1a',
  ])('%j names no field', (text) => {
    expect(readRedactionPath(text)).toEqual({
      problem: 'names no field; write user.password, or **.password for any depth',
    });
  });

  it('has no place for the number of an element, which would mask nothing', () => {
    expect(readRedactionPath('users.0.password')).toEqual({
      problem: expect.stringMatching(/; elements of lists have no number of their own$/) as string,
    });
  });

  it('is the same for the configuration and for the masking', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z*._0-9-]{0,12}$/)), (text) => {
        const readable = !('problem' in readRedactionPath(text));
        expect(settingsSchema.safeParse({ Logger: { Redact: [text] } }).success).toBe(readable);
        if (readable) redaction([text]);
        else expect(() => redaction([text])).toThrow(TypeError);
      }),
    );
  });
});
