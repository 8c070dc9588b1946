import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lintExcept,
  likelyName,
  likelyProtoPackage,
  nameProblem,
  protoPackageProblem,
  serviceNames,
} from './service-names.js';

describe('the names of a service', () => {
  it('are what npm, Kubernetes, protobuf and TypeScript want', () => {
    expect(serviceNames('@acme/order-book.service', 'acme.order_book.v1')).toEqual({
      name: '@acme/order-book.service',
      service: 'order-book-service',
      protoPackage: 'acme.order_book.v1',
      protoPath: 'acme/order_book/v1',
      protoFile: 'order_book_service',
      proto: 'OrderBook',
    });
  });

  it.each([
    ['My App', 'my-app'],
    ['OrderBook', 'order-book'],
    ['2fa', 'fa'],
    ['été', 'ete'],
    ['...', 'my-service'],
    ['a'.repeat(80), 'a'.repeat(63)],
  ])('of the folder %j is %j', (folder, name) => {
    expect(likelyName(`/somewhere/${folder}`)).toBe(name);
  });

  it.each([
    'Orders',
    '2fa',
    '-a',
    'a-',
    'a b',
    '',
    '@a',
    '@A/b',
    '@a/',
    'a/b',
    '../a',
    'node_modules',
    'a\n',
    'rxjs',
  ])('refuse %j', (name) => {
    expect(nameProblem(name, ['rxjs'])).toEqual(expect.any(String));
  });

  it.each(['', '.', 'a..b', 'A.v1', '1a', 'a-b.v1', 'google.protobuf.x'])(
    'refuse the proto package %j',
    (text) => {
      expect(protoPackageProblem(text)).toEqual(expect.any(String));
    },
  );

  it.each([
    ['acme.shop.v1', false],
    ['acme.shop.v1beta2', false],
    ['acme.shop.v1p1alpha1', false],
    ['acme.shop.v2test3', false],
    ['acme.shop', true],
    ['acme.v1.shop', true],
    ['acme.shop.v0', true],
    ['v1', true],
  ])('tell the linter where the package %j has no version', (text, without) => {
    expect(lintExcept(text).includes('PACKAGE_VERSION_SUFFIX')).toBe(without);
  });

  it('of whatever folder are valid', () => {
    assert(
      property(string({ unit: 'binary' }), (folder) => {
        const name = likelyName(folder);
        expect(nameProblem(name)).toBeUndefined();
        const names = serviceNames(name, likelyProtoPackage(name));
        expect(protoPackageProblem(names.protoPackage)).toBeUndefined();
        expect(names.service).toMatch(/^[a-z](?:[a-z0-9-]*[a-z0-9])?$/);
        expect(names.proto).toMatch(/^[A-Z][A-Za-z0-9]*$/);
      }),
    );
  });
});
