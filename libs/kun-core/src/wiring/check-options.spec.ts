import { describe, expect, it } from 'vitest';
import { checkModuleOptions, ModuleOptionsError } from './check-options.js';

const proto = { path: 'a.proto' };

function messageOf(options: unknown): string | undefined {
  try {
    checkModuleOptions(options);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ModuleOptionsError);
    return (error as Error).message.replace(/^KunModule\.forRoot\(\.\.\.\): /, '');
  }
}

describe('checkModuleOptions', () => {
  it.each([
    { proto },
    { proto: [proto, { path: ['b.proto', 'c.proto'], package: '', includeDirs: ['x'], longs: 'bigint' }] },
    { proto, service: undefined, version: '1', base: '/', config: { schemas: [] }, interceptors: [] },
    { proto, channelOptions: { 'grpc.max_concurrent_streams': 1 } },
  ])('takes %j', (options) => expect(messageOf(options)).toBeUndefined());

  it.each([
    [{ proto, intercepters: [] }, 'there is no option intercepters; did you mean interceptors?'],
    [{ proto, serviceName: 'a' }, expect.stringMatching(/^there is no option serviceName; /)],
    [{ proto, constructor: 1 }, expect.stringMatching(/^there is no option constructor; /)],
    [{ proto: { path: 'a', packge: 'b' } }, 'there is no option proto.packge; did you mean package?'],
    [
      { proto: [proto, { pth: 'a' }] },
      'there is no option proto[1].pth; did you mean path?; proto[1].path is missing',
    ],
    [{ proto, config: { schema: [] } }, 'there is no option config.schema; did you mean schemas?'],
    [{ proto, service: 5 }, 'service: expected a string, found a number'],
    [{ proto, interceptors: () => {} }, 'interceptors: expected an array, found a function'],
    [{ proto, channelOptions: [] }, 'channelOptions: expected an object, found an array'],
    [{ proto: 'a.proto' }, 'proto: expected an object or an array of objects, found a string'],
    [{ proto: { path: [1] } }, 'proto.path: expected a string or an array of strings, found an array'],
    [{}, "proto is missing: { path: 'proto/echo.proto' }"],
    [undefined, 'expected the options to be an object, found undefined'],
    [[], 'expected the options to be an object, found an array'],
    [
      { base: 1, service: 2, proto },
      'base: expected a string, found a number; service: expected a string, found a number',
    ],
  ])('refuses %j', (options, message) => expect(messageOf(options)).toEqual(message));
});
