import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, it, vi } from 'vitest';
import { STATUS_CODES } from './code.js';
import { errorInfo } from './details/details.js';
import * as factories from './factories.js';
import { StatusError } from './status-error.js';

describe('StatusError', () => {
  it('carries code, message, details, metadata and cause', () => {
    const metadata = new Metadata();
    const cause = new Error('why');
    const details = [errorInfo({ reason: 'GONE' })];
    const error = new StatusError(status.NOT_FOUND, 'no such cache', { details, metadata, cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: status.NOT_FOUND, message: 'no such cache', details, cause });
    expect(error.metadata).toBe(metadata);
    expect(error.stack).toMatch(/^StatusError: no such cache\n/);
    expect('cause' in new StatusError(status.NOT_FOUND, 'no such cache')).toBe(false);
  });

  it.each([0, 17, 1.5, NaN])('refuses the code %d', (code: status) => {
    expect(() => new StatusError(code, 'x')).toThrow(RangeError);
  });

  it('knows errors made by another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('./status-error.js');
    expect(copy.StatusError).not.toBe(StatusError);
    const foreign: unknown = new copy.StatusError(status.ABORTED, 'x');
    expect(foreign instanceof StatusError).toBe(true);
  });

  it('keeps subclasses apart', () => {
    class CacheError extends StatusError {}
    const plain: unknown = new StatusError(status.ABORTED, 'x');
    expect(plain instanceof CacheError).toBe(false);
    const special: unknown = new CacheError(status.ABORTED, 'x');
    expect(special instanceof CacheError).toBe(true);
    expect(special instanceof StatusError).toBe(true);
  });

  it.each<unknown>([undefined, null, 'text', 5, {}, new Error('x')])('is not %s', (value) => {
    expect(value instanceof StatusError).toBe(false);
  });
});

describe('factories', () => {
  it('make one error for each code of failure', () => {
    const errors = Object.values(factories).map((factory) => factory('x', { cause: 'c' }));
    expect(errors.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual(STATUS_CODES.slice(1));
    for (const error of errors) expect(error).toMatchObject({ message: 'x', cause: 'c' });
  });

  it.each(Object.entries(factories))('%s is named after its code', (name, factory) => {
    const screaming = name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
    expect(status[factory('x').code]).toBe(screaming);
  });
});
