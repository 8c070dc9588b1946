import type { Type } from '@nestjs/common';
import { Observable } from 'rxjs';

/** The metadata key under which TypeScript stores parameter types (`emitDecoratorMetadata`). */
export const PARAMETER_TYPES = 'design:paramtypes';

/** Marks a method that has a parameter with {@link EachMessage}. */
export const EACH_MESSAGE = Symbol('kun.each-message');

/**
 * Declares the message type of a request stream, which TypeScript does not emit for `Observable<Note>`. Type-based
 * pipes (`ValidationPipe`) then validate each message:
 *
 * ```ts
 * @GrpcStreamMethod('NotesService')
 * upload(@EachMessage(Note) notes: Observable<Note>): Promise<Summary> { … }
 * ```
 */
export function EachMessage(type: Type): ParameterDecorator {
  return (target, method, index) => {
    if (method === undefined) return;
    const types = [
      ...((Reflect.getMetadata(PARAMETER_TYPES, target, method) as unknown[] | undefined) ?? []),
    ];
    types[index] = type;
    Reflect.defineMetadata(PARAMETER_TYPES, types, target, method);
    Reflect.defineMetadata(EACH_MESSAGE, index, target, method);
  };
}

/** Whether a parameter's type says nothing about the messages: a stream type, or no type. */
export function carriesNoType(metatype: unknown): boolean {
  if (typeof metatype !== 'function' || metatype === Object || metatype === Function) return true;
  const prototype = metatype.prototype as object | undefined;
  return (
    prototype instanceof Observable ||
    metatype === Observable ||
    (!!prototype && Symbol.asyncIterator in prototype)
  );
}
