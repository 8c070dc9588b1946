import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deferred } from '../testing/deferred.js';
import { acceptsGzip, formatFor, MetricsRenderer } from './metrics-rendering.js';

describe('formatFor', () => {
  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['text/*', 'text'],
    ['application/json', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    // Prometheus 2 and 3, and the last of those who prefer its own.
    [
      'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.1',
      'openmetrics',
    ],
    ['text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.5', 'text'],
  ])('%s: %s', (accept, format) => expect(formatFor(accept)).toBe(format));
});

it.each([
  ['gzip', true],
  ['deflate, GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['identity', false],
  [undefined, false],
])('acceptsGzip(%s): %s', (encodings, accepted) => expect(acceptsGzip(encodings)).toBe(accepted));

describe('MetricsRenderer', () => {
  it('renders once for concurrent requests, and again for later ones', async () => {
    let rendered = 0;
    let gate = deferred();
    const renderer = new MetricsRenderer({
      async expose(format = 'text') {
        const body = `${format} ${++rendered}`;
        await gate.promise;
        return { contentType: format, body };
      },
    });
    const askers = Array.from({ length: 100 }, () => renderer.render('text'));
    const other = renderer.render('openmetrics');
    gate.resolve();
    const bodies = new Set((await Promise.all(askers)).map(({ body }) => body));
    expect([...bodies]).toEqual(['text 1']);
    expect((await other).body).toBe('openmetrics 2');
    gate = deferred();
    gate.resolve();
    const later = await renderer.render('text');
    expect(gunzipSync(await later.gzipped()).toString()).toBe('text 3');
    expect(later.gzipped()).toBe(later.gzipped());
  });

  it('tries again after a failure', async () => {
    let fails = true;
    const renderer = new MetricsRenderer({
      expose: () =>
        fails ? Promise.reject(new Error('no value')) : Promise.resolve({ contentType: 'x', body: 'ok' }),
    });
    await expect(renderer.render('text')).rejects.toThrow('no value');
    fails = false;
    expect((await renderer.render('text')).body).toBe('ok');
  });
});
