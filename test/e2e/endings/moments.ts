import { currentCall, type Interceptor } from '@kun/core';
import { deferred, type Deferred } from '@kun/core/testing';

/** How far calls have got, by request id: what a caller waits for before it does its part. */
export class Moments {
  private readonly reached = new Map<string, Deferred<void>>();

  /** The server has the headers of the call. */
  arrived(requestId: string): Promise<void> {
    return this.of(`arrived ${requestId}`).promise;
  }

  /** The handler has a request. */
  handled(requestId: string): Promise<void> {
    return this.of(`handled ${requestId}`).promise;
  }

  /** For handlers. */
  readonly handlerHasRequest = (): void => {
    this.of(`handled ${currentCall()?.requestId}`).resolve();
  };

  /** For the chain. */
  readonly interceptor: Interceptor = (next) => (call) => {
    this.of(`arrived ${call.requestId}`).resolve();
    return next(call);
  };

  private of(moment: string): Deferred<void> {
    let found = this.reached.get(moment);
    if (!found) this.reached.set(moment, (found = deferred()));
    return found;
  }
}
