import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { GrpcJsServiceError, resolveServices, type GrpcJsServices } from './grpc-js-services.js';

const same = (bytes: Buffer): Buffer => bytes;
const rpc = (name: string, service = 't.v1.T') => ({
  path: `/${service}/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});
const definition: ServiceDefinition = { Get: { ...rpc('Get'), originalName: 'get' }, Put: rpc('Put') };
const answer = (): void => {};
const whole = { get: answer, Put: answer } as unknown as UntypedServiceImplementation;

class Provided {
  get = answer;
  Put(): void {}
}
const provided = new Provided();
const lookUp = (token: unknown): unknown => {
  if (token === Provided || token === 'T') return provided;
  throw new Error('Nest does not know it');
};

function messageOf(entries: unknown): string {
  try {
    resolveServices(entries as GrpcJsServices[], lookUp);
  } catch (error) {
    expect(error).toBeInstanceOf(GrpcJsServiceError);
    return (error as Error).message.replace(/^KunModule\.forRoot\(\{ services \}\), /, '');
  }
  return '';
}

describe('resolveServices', () => {
  it.each<[string, unknown]>([
    ['an object of functions', whole],
    ['an instance of a class', provided],
    ['the class of a provider', Provided],
    ['the name of a provider', 'T'],
  ])('takes %s', (_, implementation) => {
    const [service] = resolveServices([{ definition, implementation } as GrpcJsServices], lookUp);
    expect(service?.definition).toBe(definition);
    expect(service?.implementation).toBe(implementation === whole ? whole : provided);
  });

  it('takes what a library adds to a server', () => {
    const other = { Ask: rpc('Ask', 't.v1.Other') };
    const services = resolveServices(
      [
        (server) => {
          server.addService(definition, whole);
          server.addService(other, { Ask: answer });
        },
      ],
      lookUp,
    );
    expect(services.map((service) => service.definition)).toEqual([definition, other]);
  });

  it.each<[unknown[], RegExp]>([
    [[undefined], /^entry 1: it is not a service: pass \{ definition, implementation \}/],
    [[{ service: definition, implementation: whole }], /^entry 1: it is not a service/],
    [[Provided], /^entry 1: Provided is a class: pass \{ definition, implementation: Provided \}$/],
    [
      [{ definition: class TClient {}, implementation: whole }],
      /^entry 1: its definition is a client; pass TClient\.service$/,
    ],
    [[{ definition: {}, implementation: whole }], /^entry 1: its definition has no methods/],
    [[{ definition: 'T', implementation: whole }], /^entry 1: its definition has no methods/],
    [
      [{ definition: { Get: { path: 'Get' } }, implementation: whole }],
      /^entry 1: its definition is not one of grpc-js: Get needs path/,
    ],
    [
      [{ definition, implementation: { Get: answer, put: answer } }],
      /^entry 1: the implementation lacks \/t\.v1\.T\/Put \(did you mean put\?\); implement it/,
    ],
    [
      [{ definition, implementation: { get: answer, Put: 5 } }],
      /^entry 1: the implementation lacks \/t\.v1\.T\/Put/,
    ],
    [[{ definition, implementation: {} }], /lacks \/t\.v1\.T\/Get, \/t\.v1\.T\/Put; implement/],
    [
      [{ definition, implementation: class Nobody {} }],
      /^entry 1: Nobody is not provided by any module: add it to a module's providers$/,
    ],
    [[{ definition, implementation: 5 }], /^entry 1: its implementation is not an object with methods$/],
    [
      [{ definition, implementation: whole }, (server: never) => addTo(server)],
      /^entry 2: \/t\.v1\.T\/Get is served by entry 1 already; remove one$/,
    ],
    [[() => {}], /^entry 1: it did not add a service to the server/],
    [
      [(server: { bindAsync(): void }) => server.bindAsync()],
      /^entry 1: it asks the server for bindAsync; only addService is available$/,
    ],
  ])('refuses %j', (entries, message) => expect(messageOf(entries)).toMatch(message));
});

function addTo(server: { addService(definition: unknown, implementation: unknown): void }): void {
  server.addService(definition, whole);
}
