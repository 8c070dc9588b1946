import { HttpException } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';

/** Nest's `HttpException`, of whichever copy of Nest. */
export interface HttpExceptionLike extends Error {
  getStatus(): number;
  getResponse(): string | object;
}

/** Nest's `RpcException` and those that extend it (`GrpcException`), of whichever copy of Nest. */
export interface RpcExceptionLike extends Error {
  getError(): unknown;
}

/** Whether the text was given to Nest's own class, and so meant for a caller; no look-alike passes. */
export function isHttpException(value: unknown): value is HttpExceptionLike {
  return (
    value instanceof HttpException ||
    extendsClass(value, 'HttpException', ['getStatus', 'getResponse', 'initMessage'])
  );
}

/** The same of an error for RPCs. `GrpcException` stands beside it, and older releases of Nest 12 have none. */
export function isRpcException(value: unknown): value is RpcExceptionLike {
  return (
    value instanceof RpcException ||
    extendsClass(value, 'RpcException', ['getError', 'initMessage']) ||
    extendsClass(value, 'GrpcException', ['getError'])
  );
}

/**
 * Whether a class of that name, with these methods of its own, is among those that an error extends. Properties of the
 * error itself, which a database's driver or a parsed message could have, do not count.
 */
function extendsClass(value: unknown, name: string, methods: readonly string[]): boolean {
  if (!(value instanceof Error)) return false;
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    typeof prototype === 'object' && prototype !== null && prototype !== Error.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const own = prototype as Record<string, unknown>;
    const constructor = Object.hasOwn(own, 'constructor') ? own['constructor'] : undefined;
    if (typeof constructor !== 'function' || constructor.name !== name) continue;
    return methods.every((method) => Object.hasOwn(own, method) && typeof own[method] === 'function');
  }
  return false;
}
