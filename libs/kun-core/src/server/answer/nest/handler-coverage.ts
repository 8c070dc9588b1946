import { nearest, ExplainedError } from '@kun/config';
import type { Type } from '@nestjs/common';
import { GrpcMethodStreamingType, type MessageHandler } from '@nestjs/microservices';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { describeMethod } from '../../../rpc/rpc-method.js';
import type { ServiceDefinition } from '../../../proto/service-definition.js';
import type { BoundMethod } from '../../call/bound-method.js';
import { sourcePlace } from './source-place.js';

/** Handlers and RPCs do not match: an RPC has no handler or several, or a handler has no RPC. */
export class HandlerCoverageError extends ExplainedError {
  override readonly name = 'HandlerCoverageError';

  constructor(
    /** Paths of RPCs without a handler. */
    readonly missing: readonly string[],
    /** Handlers without an RPC, as `Service.Method`. */
    readonly surplus: readonly string[],
    /** RPCs with more than one handler, as `Service.Method`; or by path, when one of them is in `services`. */
    readonly twice: readonly string[] = [],
    /**
     * Handlers that name a service without its package although several services share the name, as `Service.Method`.
     */
    readonly ambiguous: readonly string[] = [],
  ) {
    const parts = [];
    if (missing.length > 0) parts.push(`RPCs without a handler: ${missing.join(', ')}`);
    if (surplus.length > 0) parts.push(`handlers without an RPC: ${surplus.join(', ')}`);
    if (twice.length > 0) parts.push(`RPCs with more than one handler: ${twice.join(', ')}`);
    if (ambiguous.length > 0)
      parts.push(`handlers of more than one service: ${ambiguous.join(', ')}; name it with its package`);
    super(
      `${parts.join('; ')}. Every RPC of the proto needs one handler (@GrpcMethod for single requests, ` +
        '@GrpcStreamMethod or @GrpcStreamCall for request streams), and every handler an RPC',
    );
  }
}

interface GrpcPattern {
  readonly service: string;
  readonly rpc: string;
  readonly streaming: GrpcMethodStreamingType;
}

/**
 * Finds the handler of each RPC by the pattern that Nest's decorators leave: the service name with or without its
 * package, the method name, and whether the request is streamed.
 *
 * @param places where the handler of a pattern is defined, for messages
 * @param elsewhere paths of RPCs that `KunModule.forRoot({ services })` serves
 * @throws {HandlerCoverageError} listing all RPCs without a handler, all handlers without an RPC, and those whose
 * service name is ambiguous.
 */
export function bindHandlers(
  services: ReadonlyMap<string, ServiceDefinition>,
  handlers: ReadonlyMap<string, MessageHandler>,
  places: ReadonlyMap<string, HandlerPlace> = new Map(),
  elsewhere: ReadonlySet<string> = new Set(),
): Map<string, BoundMethod> {
  const methods = new Map<string, BoundMethod>();
  const missing: string[] = [];
  const twice: string[] = [];
  const unused = new Set(handlers.keys());
  const users = new Map<string, string[]>();
  for (const [service, definition] of services) {
    for (const rpc of Object.values(definition)) {
      const found = findHandler(handlers, service, rpc.path, rpc.requestStream);
      if (!found) {
        if (!elsewhere.has(rpc.path)) missing.push(rpc.path);
        continue;
      }
      unused.delete(found.pattern);
      if (elsewhere.has(rpc.path)) {
        const place = places.get(found.pattern);
        const handler = place ? describePlace(place) : 'a handler of Nest';
        twice.push(`${rpc.path} (${handler}, and KunModule.forRoot({ services }))`);
        continue;
      }
      users.set(found.pattern, [...(users.get(found.pattern) ?? []), rpc.path]);
      methods.set(rpc.path, {
        method: describeMethod(rpc.path, rpc),
        codec: {
          deserializeRequest: rpc.requestDeserialize,
          serializeResponse: rpc.responseSerialize,
          ownMemory: rpc.messages.ownMemory,
        },
        handler: found.handler,
        style: found.streaming === GrpcMethodStreamingType.PT_STREAMING ? 'call' : 'message',
        emptyResponse: rpc.messages.emptyResponse,
      });
    }
  }
  const surplus = [...unused].flatMap((pattern) => {
    const name = describeSurplus(pattern);
    const place = places.get(pattern);
    return name
      ? [`${name}${place ? ` in ${describePlace(place)}` : ''}${likelyMeant(pattern, services)}`]
      : [];
  });
  const ambiguous = [...users].filter(([, paths]) => paths.length > 1).map(describeAmbiguous);
  if ([missing, surplus, twice, ambiguous].some(({ length }) => length > 0)) {
    throw new HandlerCoverageError(missing, surplus, twice, ambiguous);
  }
  return methods;
}

function findHandler(
  handlers: ReadonlyMap<string, MessageHandler>,
  service: string,
  path: string,
  requestStream: boolean,
) {
  const rpc = path.slice(path.lastIndexOf('/') + 1);
  const shortName = service.slice(service.lastIndexOf('.') + 1);
  const styles = requestStream
    ? [GrpcMethodStreamingType.RX_STREAMING, GrpcMethodStreamingType.PT_STREAMING]
    : [GrpcMethodStreamingType.NO_STREAMING];
  for (const streaming of styles) {
    for (const name of [service, shortName]) {
      const pattern = JSON.stringify({ service: name, rpc, streaming });
      const handler = handlers.get(pattern);
      if (handler) return { handler, pattern, streaming };
    }
  }
  return undefined;
}

function describeAmbiguous([pattern, paths]: [pattern: string, paths: string[]]): string {
  return `${describeSurplus(pattern)} for ${paths.join(' and ')}`;
}

/**
 * Suggests what a handler without an RPC is most likely meant for: the same name with another kind of request, or a
 * similar name.
 */
function likelyMeant(pattern: string, services: ReadonlyMap<string, ServiceDefinition>): string {
  const { service = '', rpc = '' } = parsePattern(pattern) ?? {};
  const names = [...services.keys()].flatMap((name) => [name, name.slice(name.lastIndexOf('.') + 1)]);
  const nearService = names.includes(service) ? service : nearest(service, names);
  if (nearService === undefined) return `, expected one of the services ${[...services.keys()].join(', ')}`;
  const definitions = [...services].filter(
    ([name]) => name === nearService || name.endsWith(`.${nearService}`),
  );
  const paths = definitions.flatMap(([, definition]) => Object.values(definition));
  const rpcs = paths.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));
  const index = rpcs.indexOf(rpc);
  if (nearService === service && index >= 0) {
    return paths[index]?.requestStream
      ? ', which takes a request stream: use @GrpcStreamMethod or @GrpcStreamCall'
      : ', which takes a single request: use @GrpcMethod';
  }
  const near = index >= 0 ? rpc : nearest(rpc, rpcs);
  return near === undefined ? '' : `, did you mean ${nearService}.${near}?`;
}

/** Returns undefined for handlers of other transports (`@MessagePattern('x')`). */
function describeSurplus(pattern: string): string | undefined {
  const parsed = parsePattern(pattern);
  if (!parsed) return undefined;
  const style =
    parsed.streaming === GrpcMethodStreamingType.NO_STREAMING ? 'single request' : 'request stream';
  return `${parsed.service}.${parsed.rpc} (${style})`;
}

function parsePattern(pattern: string): GrpcPattern | undefined {
  try {
    const parsed = JSON.parse(pattern) as Partial<GrpcPattern> | null;
    return parsed?.service && parsed.rpc ? (parsed as GrpcPattern) : undefined;
  } catch {
    return undefined;
  }
}

/** The controller and method of a handler. */
export interface HandlerPlace {
  readonly controller: Type;
  readonly method: string;
}

/** `EchoController.echo (dist/echo.controller.js:12)` */
function describePlace({ controller, method }: HandlerPlace): string {
  const handler = Reflect.get(controller.prototype as object, method) as object;
  const source = sourcePlace(handler, controller);
  return `${controller.name}.${method}${source === undefined ? '' : ` (${source})`}`;
}

/** The method behind each of Nest's patterns, for messages about handlers that nothing calls. */
export function handlerPlaces(modules: ModulesContainer): ReadonlyMap<string, HandlerPlace> {
  const scanner = new MetadataScanner();
  const places = new Map<string, HandlerPlace>();
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      const prototype = typeof metatype === 'function' ? (metatype.prototype as object) : undefined;
      if (!metatype || !prototype) continue;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = Reflect.get(prototype, method) as object;
        const patterns = (Reflect.getMetadata(PATTERN_METADATA, handler) ?? []) as readonly unknown[];
        for (const pattern of patterns)
          places.set(JSON.stringify(pattern), { controller: metatype as Type, method });
      }
    }
  }
  return places;
}
