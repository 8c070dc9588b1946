import type {
  MethodDefinition,
  Server,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ExplainedError, nearest } from '@kun/config';
import type { InjectionToken } from '@nestjs/common';
import { implementationOf, type ServiceImplementation } from '../server/answer/bind-service.js';

/** A service written for grpc-js, in the form that `server.addService(definition, implementation)` takes. */
export interface GrpcJsService {
  /** `Client.service` of a loaded package, or the generated `…Service`. */
  readonly definition: ServiceDefinition;
  /** Its methods by name, or the injection token of a provider that has them. */
  readonly implementation: UntypedServiceImplementation | InjectionToken;
}

/**
 * An entry of `KunModule.forRoot({ services })`: a service, or a function that adds services to a server, for libraries
 * that do so themselves. Only the server's `addService` is available.
 */
export type GrpcJsServices = GrpcJsService | ((server: Server) => void);

/** An entry of `KunModule.forRoot({ services })` cannot be served; the message gives its position and the remedy. */
export class GrpcJsServiceError extends ExplainedError {
  override readonly name = 'GrpcJsServiceError';
}

/**
 * Resolves the entries to complete, distinct services.
 *
 * @throws {GrpcJsServiceError} when an entry is not a service, lacks a method, or its token has no provider.
 */
export function resolveServices(
  entries: readonly GrpcJsServices[],
  lookUp: (token: InjectionToken) => unknown,
): ServiceImplementation[] {
  const services: ServiceImplementation[] = [];
  const taken = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const refuse: Refuse = (problem) =>
      new GrpcJsServiceError(`KunModule.forRoot({ services }), entry ${index + 1}: ${problem}`);
    for (const given of servicesOf(entry, refuse)) {
      const service = checked(given, lookUp, refuse);
      for (const { path } of Object.values(service.definition)) {
        const before = taken.get(path);
        if (before !== undefined) throw refuse(`${path} is served by entry ${before} already; remove one`);
        taken.set(path, index + 1);
      }
      services.push(service);
    }
  }
  return services;
}

type Refuse = (problem: string) => GrpcJsServiceError;

interface Given {
  readonly definition: unknown;
  readonly implementation: unknown;
}

function servicesOf(entry: unknown, refuse: Refuse): readonly Given[] {
  if (typeof entry === 'function') {
    if (isClass(entry)) {
      throw refuse(`${entry.name} is a class: pass { definition, implementation: ${entry.name} }`);
    }
    return addedBy(entry as (server: Server) => void, refuse);
  }
  const { definition, implementation } = (entry ?? {}) as Partial<Given>;
  if (definition === undefined || implementation === undefined) {
    throw refuse(
      'it is not a service: pass { definition, implementation }, as for addService of grpc-js, or (server) => library.addToServer(server)',
    );
  }
  return [{ definition, implementation }];
}

/** Collects what a library adds to the server it is given. */
function addedBy(add: (server: Server) => void, refuse: Refuse): readonly Given[] {
  const added: Given[] = [];
  const server = {
    addService: (definition: unknown, implementation: unknown) => added.push({ definition, implementation }),
  };
  const others: ProxyHandler<typeof server> = {
    get(target, name, self) {
      if (name in target) return Reflect.get(target, name, self);
      throw refuse(`it asks the server for ${String(name)}; only addService is available`);
    },
  };
  add(new Proxy(server, others) as unknown as Server);
  if (added.length === 0) throw refuse('it did not add a service to the server');
  return added;
}

function checked(
  { definition, implementation }: Given,
  lookUp: (token: InjectionToken) => unknown,
  refuse: Refuse,
): ServiceImplementation {
  if (typeof definition === 'function') {
    throw refuse(`its definition is a client; pass ${definition.name || 'the client'}.service`);
  }
  const methods = Object.entries((definition ?? {}) as Record<string, unknown>);
  if (typeof definition !== 'object' || methods.length === 0) {
    throw refuse('its definition has no methods: pass the service of a loaded package, Client.service');
  }
  const malformed = methods.filter(([, method]) => !isMethod(method)).map(([name]) => name);
  if (malformed.length > 0) {
    throw refuse(
      `its definition is not one of grpc-js: ${malformed.join(', ')} needs path, requestStream, responseStream, and functions to (de)serialize messages`,
    );
  }
  const service = {
    definition: definition as ServiceDefinition,
    implementation: methodsOf(implementation, lookUp, refuse),
  };
  const missing = Object.entries(service.definition).filter(
    ([name, method]) => typeof implementationOf(service, name, method) !== 'function',
  );
  if (missing.length > 0) {
    const names = missing.map(([name, { path }]) => `${path}${likelyMeant(name, service)}`);
    throw refuse(
      `the implementation lacks ${names.join(', ')}; implement it, if only to return UNIMPLEMENTED`,
    );
  }
  return service;
}

function methodsOf(
  implementation: unknown,
  lookUp: (token: InjectionToken) => unknown,
  refuse: Refuse,
): UntypedServiceImplementation {
  let found = implementation;
  if (isToken(implementation)) {
    const name = typeof implementation === 'function' ? implementation.name : String(implementation);
    try {
      found = lookUp(implementation);
    } catch {
      throw refuse(`${name} is not provided by any module: add it to a module's providers`);
    }
  }
  if (typeof found === 'object' && found !== null) return found as UntypedServiceImplementation;
  throw refuse('its implementation is not an object with methods');
}

function isToken(value: unknown): value is InjectionToken {
  return typeof value === 'string' || typeof value === 'symbol' || typeof value === 'function';
}

function isClass(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function isMethod(value: unknown): boolean {
  const method = (value ?? {}) as Partial<MethodDefinition<unknown, unknown>>;
  return (
    typeof method.path === 'string' &&
    /^\/[^/]+\/[^/]+$/.test(method.path) &&
    typeof method.requestStream === 'boolean' &&
    typeof method.responseStream === 'boolean' &&
    typeof method.requestDeserialize === 'function' &&
    typeof method.responseSerialize === 'function'
  );
}

function likelyMeant(name: string, { implementation }: ServiceImplementation): string {
  const prototype: unknown = Object.getPrototypeOf(implementation);
  const inherited =
    prototype === null || prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
  const meant = nearest(name, [...Object.keys(implementation), ...inherited]);
  return meant === undefined ? '' : ` (did you mean ${meant}?)`;
}
