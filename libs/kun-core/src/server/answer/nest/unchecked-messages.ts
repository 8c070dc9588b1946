import { ExplainedError } from '@kun/config';
import { ValidationPipe } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { GrpcMethodStreamingType } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA, PATTERN_METADATA } from '@nestjs/microservices/constants.js';
import { RpcParamtype } from '@nestjs/microservices/enums/rpc-paramtype.enum.js';
import { carriesNoType, EACH_MESSAGE, PARAMETER_TYPES } from './message-types.js';
import type { NestPipeline } from './nest-pipeline.js';

/** A handler's parameters cannot be satisfied by a stream of messages. */
export class MessageParameterError extends ExplainedError {
  override readonly name = 'MessageParameterError';
}

interface Parameter {
  readonly index: number;
  readonly data?: unknown;
  readonly pipes?: readonly unknown[];
}

/**
 * Returns the handlers of request streams, as `Notes.upload`, whose messages a `ValidationPipe` should validate but
 * cannot, because their type is unknown.
 *
 * @throws {MessageParameterError} when a handler would not receive the stream, or asks for a property of it.
 */
export function uncheckedMessages(modules: ModulesContainer, pipeline: NestPipeline): string[] {
  const unchecked: string[] = [];
  const scanner = new MetadataScanner();
  for (const [moduleKey, { controllers }] of modules) {
    for (const { instance, metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, object>;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const callback = prototype[method];
        const streaming = callback && streamingOf(callback);
        if (!streaming) continue;
        const place = `${metatype.name}.${method}`;
        const shared = pipeline.pipesContextCreator?.create(instance, callback, moduleKey) ?? [];
        const types = (Reflect.getMetadata(PARAMETER_TYPES, prototype, method) ?? []) as unknown[];
        const parameters = payloadsOf(metatype, method);
        for (const { data } of parameters) if (data !== undefined) throw noProperty(place, data);
        if (parameters.length === 0 && Reflect.hasMetadata(EACH_MESSAGE, prototype, method)) {
          throw noPayload(place);
        }
        const lacking = parameters.some(({ index, pipes = [] }) => {
          const all = [...shared, ...pipes];
          if (!all.some(isValidation) || all.some(knowsType)) return false;
          return streaming === GrpcMethodStreamingType.PT_STREAMING || carriesNoType(types[index]);
        });
        if (lacking) unchecked.push(place);
      }
    }
  }
  return unchecked;
}

/** Warns at start about what would otherwise go unnoticed on every call. */
export function warnOfUncheckedMessages(
  handlers: readonly string[],
  logger: { warn(fields: object, message: string): void },
): void {
  if (handlers.length === 0) return;
  logger.warn(
    { handlers },
    'ValidationPipe does not check the messages of these request streams: declare their type with @EachMessage(Dto) on the parameter of a @GrpcStreamMethod',
  );
}

function streamingOf(callback: object): GrpcMethodStreamingType | undefined {
  const patterns = Reflect.getMetadata(PATTERN_METADATA, callback) as unknown;
  const [pattern] = Array.isArray(patterns) ? (patterns as unknown[]) : [];
  const { streaming } = (pattern ?? {}) as { streaming?: GrpcMethodStreamingType };
  return streaming === GrpcMethodStreamingType.NO_STREAMING ? undefined : streaming;
}

/** The parameters that receive the request; without decorators, in Nest's own order, the request first. */
function payloadsOf(controller: object, method: string): readonly Parameter[] {
  const given = Reflect.getMetadata(PARAM_ARGS_METADATA, controller, method) as
    Record<string, Parameter> | undefined;
  if (!given) return [{ index: 0 }];
  return Object.entries(given)
    .filter(([key]) => key.startsWith(`${RpcParamtype.PAYLOAD}:`))
    .map(([, parameter]) => parameter);
}

function isValidation(pipe: unknown): boolean {
  return pipe === ValidationPipe || pipe instanceof ValidationPipe;
}

/** A pipe that was given the type itself does not need the parameter's. */
function knowsType(pipe: unknown): boolean {
  return pipe instanceof ValidationPipe && Reflect.get(pipe, 'expectedType') !== undefined;
}

function noPayload(place: string): MessageParameterError {
  return new MessageParameterError(
    `${place}: because another parameter is decorated, Nest passes the stream only to one with @Payload(); write @Payload() beside @EachMessage(...)`,
  );
}

function noProperty(place: string, data: unknown): MessageParameterError {
  return new MessageParameterError(
    `${place}: @Payload(${JSON.stringify(data)}) selects a property of the request, but a request stream has none; take the stream and read the property from its messages`,
  );
}
