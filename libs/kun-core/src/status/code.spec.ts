import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { codeName, goCodeName, isErrorCode, STATUS_CODES } from './code.js';
import { codeOfHttpStatus, httpStatusOf } from './http-status.js';

// code, gRPC's name, grpc-go's name, HTTP status (google/rpc/code.proto), and the code that status leads back to.
const TABLE: Array<[status, string, string, number, status]> = [
  [status.OK, 'OK', 'OK', 200, status.OK],
  [status.CANCELLED, 'CANCELLED', 'Canceled', 499, status.CANCELLED],
  [status.UNKNOWN, 'UNKNOWN', 'Unknown', 500, status.INTERNAL],
  [status.INVALID_ARGUMENT, 'INVALID_ARGUMENT', 'InvalidArgument', 400, status.INVALID_ARGUMENT],
  [status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', 'DeadlineExceeded', 504, status.DEADLINE_EXCEEDED],
  [status.NOT_FOUND, 'NOT_FOUND', 'NotFound', 404, status.NOT_FOUND],
  [status.ALREADY_EXISTS, 'ALREADY_EXISTS', 'AlreadyExists', 409, status.ALREADY_EXISTS],
  [status.PERMISSION_DENIED, 'PERMISSION_DENIED', 'PermissionDenied', 403, status.PERMISSION_DENIED],
  [status.RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED', 'ResourceExhausted', 429, status.RESOURCE_EXHAUSTED],
  [status.FAILED_PRECONDITION, 'FAILED_PRECONDITION', 'FailedPrecondition', 400, status.INVALID_ARGUMENT],
  [status.ABORTED, 'ABORTED', 'Aborted', 409, status.ALREADY_EXISTS],
  [status.OUT_OF_RANGE, 'OUT_OF_RANGE', 'OutOfRange', 400, status.INVALID_ARGUMENT],
  [status.UNIMPLEMENTED, 'UNIMPLEMENTED', 'Unimplemented', 501, status.UNIMPLEMENTED],
  [status.INTERNAL, 'INTERNAL', 'Internal', 500, status.INTERNAL],
  [status.UNAVAILABLE, 'UNAVAILABLE', 'Unavailable', 503, status.UNAVAILABLE],
  [status.DATA_LOSS, 'DATA_LOSS', 'DataLoss', 500, status.INTERNAL],
  [status.UNAUTHENTICATED, 'UNAUTHENTICATED', 'Unauthenticated', 401, status.UNAUTHENTICATED],
];

describe('codes', () => {
  it.each(TABLE)('%i is %s, in Go %s, over HTTP %i', (code, name, goName, http, back) => {
    expect(codeName(code)).toBe(name);
    expect(goCodeName(code)).toBe(goName);
    expect(httpStatusOf(code)).toBe(http);
    expect(codeOfHttpStatus(http)).toBe(back);
    expect(isErrorCode(code)).toBe(code !== status.OK);
  });

  it('are all there, in order', () => {
    expect(STATUS_CODES).toEqual(TABLE.map(([code]) => code));
  });

  it.each([-1, 17, 3.5, NaN, 1e9])('%d is no code', (code) => {
    expect(codeName(code)).toBe('UNKNOWN');
    expect(goCodeName(code)).toBe('Unknown');
    expect(httpStatusOf(code)).toBe(500);
    expect(isErrorCode(code)).toBe(false);
  });

  it.each([
    [204, status.OK],
    [302, status.UNKNOWN],
    [408, status.DEADLINE_EXCEEDED],
    [410, status.NOT_FOUND],
    [413, status.RESOURCE_EXHAUSTED],
    [416, status.OUT_OF_RANGE],
    [418, status.FAILED_PRECONDITION],
    [422, status.INVALID_ARGUMENT],
    [502, status.UNAVAILABLE],
    [507, status.INTERNAL],
    [700, status.UNKNOWN],
  ])('HTTP %i is code %i', (http, code) => {
    expect(codeOfHttpStatus(http)).toBe(code);
  });
});
