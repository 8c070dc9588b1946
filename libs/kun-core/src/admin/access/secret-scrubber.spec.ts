import type { Configuration } from '@kun/config';
import { assert, json, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretScrubber } from './secret-scrubber.js';

const SECRETS = {
  API_TOKEN: 'pl4nted-t0ken',
  DB_PASSWORD: String.raw`p"l\4nted`,
  OTHER: 'plain',
  PWD: '/srv/shop',
  OLDPWD: '/srv/other',
};

function scrubber(): SecretScrubber {
  const loaded = { value: { Database: { Password: 'pl4nted-config' } }, isSecret: () => true };
  return new SecretScrubber({ loaded } as unknown as Configuration<object>, SECRETS);
}

describe('a line of the log', () => {
  it.each([
    ['a known secret', { msg: `sent ${SECRETS.API_TOKEN}` }],
    ['one with signs that JSON escapes', { msg: `sent ${SECRETS.DB_PASSWORD}` }],
    ['one of the configuration', { err: { message: 'no pl4nted-config here' } }],
    ["a text under a secret's name", { password: 'pl4nted' }],
    ["an object under a secret's name", { credentials: { any: 'pl4nted' } }],
    ['a header', { headers: { authorization: 'pl4nted', 'set-cookie': ['pl4nted'] } }],
    ['a bearer', { msg: 'Authorization: Bearer pl4ntedxyz' }],
    ['a URL', { url: 'postgres://app:pl4nted@db/x' }],
    ['a query', { path: '/x?access_token=pl4nted&y=1' }],
    ['JSON in a text', { msg: `body {"password":"pl4nted","user":"u"}` }],
    ['JSON in JSON in a text', { msg: JSON.stringify(`{"client_secret" : "pl4nted","user":"u"}`) }],
    ['a JWT', { msg: 'eyJhbGciOiJub25lIn0.pl4ntedJwtBody.sig' }],
  ])('has no %s any more', (_what, fields) => {
    const line = `${JSON.stringify({ level: 'info', ...fields, after: 'this' })}\n`;
    const clean = scrubber().scrubLine(line);
    expect(clean).not.toMatch(/l\\*4nted/);
    expect(JSON.parse(clean)).toMatchObject({ level: 'info', after: 'this' });
    expect(clean).toContain('[secret]');
  });

  it('is unchanged if it contains no secrets, including numbers and switches under such names', () => {
    const line = '{"level":"info","token_count":3,"has_secret":true,"monkey":"ape","msg":"a key: value"}\n';
    expect(JSON.parse(scrubber().scrubLine(line))).toEqual(JSON.parse(line));
    const plain = '{"level":"info","msg":"finished call","a":1}\n';
    expect(scrubber().scrubLine(plain)).toBe(plain);
  });

  it('keeps the paths of files, though a shell names their folder PWD', () => {
    const text = 'read /srv/shop/conf/public.yaml, and /srv/other/conf/public.yaml';
    expect(scrubber().scrub(text)).toBe(text);
  });

  it('stays JSON whatever it is', () => {
    assert(
      property(json(), (text) => {
        expect(() => JSON.parse(scrubber().scrubLine(text)) as unknown).not.toThrow();
      }),
    );
  });
});
