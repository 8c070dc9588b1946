import { Metadata } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeCall } from '../testing/fake-call.js';
import { requestIdInterceptor } from './request-id.js';

function nameCall(metadata: Metadata): FakeCall {
  const call = new FakeCall({ metadata });
  void requestIdInterceptor()(() => call.ended)(call);
  return call;
}

it("takes the caller's id over and returns it", () => {
  const metadata = new Metadata();
  metadata.set('x-request-id', 'from-the-edge');
  const call = nameCall(metadata);
  expect(call.requestId).toBe('from-the-edge');
  expect(call.responseMetadata.get('x-request-id')).toEqual(['from-the-edge']);
});

it('gives every call a safe id, whatever the caller sends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)) })),
      (ids) => {
        const metadata = new Metadata();
        for (const id of ids) metadata.add('x-request-id', id);
        const call = nameCall(metadata);
        expect(call.requestId).toMatch(/^[\w.:=+/@-]{1,128}$/);
        expect(call.responseMetadata.get('x-request-id')).toEqual([call.requestId]);
      },
    ),
  );
});
