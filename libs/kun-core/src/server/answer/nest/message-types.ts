import type { Type } from '@nestjs/common';
import { Observable } from 'rxjs';

/** What TypeScript writes of a method's parameters (`emitDecoratorMetadata`). */
export const PARAMETER_TYPES = 'design:paramtypes';

/** Marks a method one of whose parameters has {@link EachMessage}. */
export const EACH_MESSAGE = Symbol('kun.each-message');

/**
 * Names the type of the messages of a request stream, which TypeScript leaves out of `Observable<Note>`. Pipes that look
 * at types (`ValidationPipe`) then validate each message:
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

/** Whether a parameter's type says nothing of the messages: that of a stream, or none. */
export function carriesNoType(metatype: unknown): boolean {
  if (typeof metatype !== 'function' || metatype === Object || metatype === Function) return true;
  const prototype = metatype.prototype as object | undefined;
  return (
    prototype instanceof Observable ||
    metatype === Observable ||
    (!!prototype && Symbol.asyncIterator in prototype)
  );
}
