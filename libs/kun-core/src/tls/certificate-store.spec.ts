import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testAuthority, type TestAuthority, type TestPair } from '../../test/certificate.js';
import { CertificateStore, type CertificateStoreOptions } from './certificate-store.js';
import type { CertificateError } from './certificates.js';

let directory: string;
let authority: TestAuthority;
let first: TestPair;
let second: TestPair;

beforeAll(async () => {
  authority = await testAuthority();
  [first, second] = await Promise.all([authority.issue('first'), authority.issue('second')]);
});
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'kun-certificates-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const at = (name: string) => join(directory, name);
const FILES = { certificateFile: 'tls.crt', privateKeyFile: 'tls.key', authorityFile: 'ca.crt' } as const;

function write(pair: TestPair, into = directory): void {
  writeFileSync(join(into, 'tls.crt'), pair.certificate);
  writeFileSync(join(into, 'tls.key'), pair.privateKey);
  writeFileSync(join(into, 'ca.crt'), authority.certificate);
}

function open(options: Partial<CertificateStoreOptions> = {}) {
  const reloaded: string[] = [];
  const refused: string[] = [];
  const files = Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, at(name)]));
  const store = new CertificateStore({
    files,
    onReloaded: ({ own }) => reloaded.push(own!.subject),
    onRefused: ({ message }: CertificateError) => refused.push(message),
    ...options,
  });
  return { store, reloaded, refused };
}

/** As the kubelet mounts a Secret: the names link into `..data`, which links to a directory that is never changed. */
function mountSecret(pair: TestPair, version: string): void {
  mkdirSync(at(`..${version}`));
  write(pair, at(`..${version}`));
  symlinkSync(`..${version}`, at('..data_tmp'));
  renameSync(at('..data_tmp'), at('..data'));
}

describe('certificates on disk', () => {
  it('are read at once, and again when they change: once they stand still', () => {
    write(first);
    const { store, reloaded } = open();
    expect(store.current.own!.subject).toBe('CN=first');
    expect(store.look()).toBe('same');
    write(second);
    expect([store.look(), store.current.own!.subject]).toEqual(['changing', 'CN=first']);
    expect([store.look(), store.current.own!.subject]).toEqual(['reloaded', 'CN=second']);
    expect(store.look()).toBe('same');
    expect(reloaded).toEqual(['CN=second']);
  });

  it('may be replaced by a rename', () => {
    write(first);
    const { store } = open();
    for (const [name, text] of [
      ['tls.key', second.privateKey],
      ['tls.crt', second.certificate],
    ] as const) {
      writeFileSync(at('new'), text);
      renameSync(at('new'), at(name));
      store.look(); // sees the new key beside the old certificate, and waits
    }
    expect(store.look()).toBe('reloaded');
    expect(store.current.own!.subject).toBe('CN=second');
  });

  it('may be a mounted Secret, whose ..data link is swapped', () => {
    mountSecret(first, '2026_1');
    for (const name of Object.values(FILES)) symlinkSync(join('..data', name), at(name));
    const { store, refused } = open();
    mountSecret(second, '2026_2');
    rmSync(at('..2026_1'), { recursive: true });
    expect([store.look(), store.look()]).toEqual(['changing', 'reloaded']);
    expect(store.current.own!.subject).toBe('CN=second');
    expect(refused).toEqual([]);
  });

  it('tell those who follow them, until they do no more', () => {
    write(first);
    const { store } = open();
    const seen: string[] = [];
    const end = store.onChange(({ own }) => seen.push(own!.subject));
    write(second);
    store.look();
    store.look();
    end();
    write(first);
    store.look();
    store.look();
    expect(seen).toEqual(['CN=second']);
  });

  it('are looked at by themselves', async () => {
    write(first);
    const reloaded = new Promise<string>((resolve) => {
      const { store } = open({
        intervalMs: 5,
        onReloaded: ({ own }) => (store.stop(), resolve(own!.subject)),
      });
      store.start();
    });
    write(second);
    expect(await reloaded).toBe('CN=second');
  });
});

describe('certificates that cannot work', () => {
  const cases: ReadonlyArray<[string, () => void | Promise<void>, RegExp]> = [
    [
      "another's key",
      () => writeFileSync(at('tls.key'), second.privateKey),
      /tls\.key is not the private key of the certificate in .*tls\.crt \(CN=first\); replace both together$/,
    ],
    ['no certificate', () => writeFileSync(at('tls.crt'), ''), /tls\.crt holds no certificate in PEM/],
    [
      'a damaged certificate',
      () => writeFileSync(at('tls.crt'), first.certificate.replace(/\n[^\n]{10}/, '\n')),
      /certificate 1 in .*tls\.crt cannot be parsed/,
    ],
    [
      'a damaged authority, second of two',
      () =>
        writeFileSync(
          at('ca.crt'),
          `${authority.certificate}\n${authority.certificate.replace(/\n[^\n]{10}/, '\n')}`,
        ),
      /certificate 2 in .*ca\.crt cannot be parsed/,
    ],
    [
      'a key that is none',
      () => writeFileSync(at('tls.key'), 'secret'),
      /^(?!.*secret).*tls\.key holds no private key in PEM/,
    ],
    ['a missing file', () => rmSync(at('ca.crt')), /ca\.crt cannot be read: ENOENT/],
    [
      'an expired certificate',
      async () => write(await authority.issue('old', { expiresAt: new Date(Date.now() - 1000) })),
      /\(CN=old\) expired at \d{4}-.*Z; issue a new one$/,
    ],
  ];

  it.each(cases)('refuse the start: %s', async (_name, spoil, message) => {
    write(first);
    await spoil();
    expect(() => open()).toThrow(message);
  });

  it.each(cases)('leave the last good ones, and are reported once: %s', async (_name, spoil, message) => {
    write(first);
    const { store, refused } = open();
    await spoil();
    expect([store.look(), store.look(), store.look()]).toEqual(['changing', 'refused', 'same']);
    expect(refused).toEqual([expect.stringMatching(message)]);
    expect(store.current.own!.subject).toBe('CN=first');
    write(second);
    expect([store.look(), store.look()]).toEqual(['changing', 'reloaded']);
  });

  it('are refused when only half is named', () => {
    write(first);
    expect(() => open({ files: { certificateFile: at('tls.crt') } })).toThrow(
      /a certificate \(.*tls\.crt\) without its private key/,
    );
  });
});
