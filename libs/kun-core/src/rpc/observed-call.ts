import { inspect } from 'node:util';
import type { Clock } from '../clock.js';
import { type ContextKey, Tags } from './call-values.js';
import type { EndObserver, Ending, MessageObserver, RpcCall } from './rpc-call.js';

/** What server and client calls have in common: their properties and their observers. */
export abstract class ObservedCall {
  readonly startedAt: number;
  requestId = '';
  /** The request id that goes back to the caller, in whichever metadata is sent first. */
  returnedRequestId: string | undefined;
  received = 0;
  sent = 0;
  ending: Ending | undefined;
  private readonly startedMonotonicMs: number;
  private callTags: Tags | undefined;
  private values: Map<symbol, unknown> | undefined;
  private messageObservers: MessageObserver[] | undefined;
  private endObservers: readonly EndObserver[] = NO_OBSERVERS;

  constructor(private readonly now: Clock) {
    this.startedAt = now.now();
    this.startedMonotonicMs = now.monotonicMs();
  }

  /**
   * Handles an error thrown by an observer, which must reach neither the transport's event handler nor the other
   * observers.
   */
  protected abstract observerFailed(error: unknown): void;

  get tags(): Tags {
    return (this.callTags ??= new Tags());
  }

  get<T>(key: ContextKey<T>): T {
    return this.values?.has(key.id) ? (this.values.get(key.id) as T) : key.defaultValue;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    (this.values ??= new Map()).set(key.id, value);
  }

  onMessage(observer: MessageObserver): void {
    (this.messageObservers ??= []).push(observer);
  }

  onEnd(observer: EndObserver): void {
    if (this.ending) observer(this.ending, this as unknown as RpcCall);
    else this.endObservers = appended(this.endObservers, observer);
  }

  /** The printable part of a call: not its metadata, which contains credentials, nor its connection. */
  toJSON(): object {
    const { side, method, attempt, peer, requestId, received, sent, ending } = this as unknown as RpcCall;
    return { side, method: method.path, attempt, peer, requestId, received, sent, ended: ending?.code };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  countReceived(message: unknown): void {
    this.received++;
    if (this.messageObservers) this.tellOfMessage('in', message);
  }

  countSent(message: unknown): void {
    this.sent++;
    if (this.messageObservers) this.tellOfMessage('out', message);
  }

  /** Copies what is known from another call. */
  protected inherit(from: ObservedCall): void {
    this.requestId = from.requestId;
    this.callTags = from.callTags;
    if (from.values) this.values = new Map(from.values);
  }

  /** Sets the ending, once, and notifies all observers. */
  protected endWith(ending: Omit<Ending, 'durationMs'>): Ending {
    this.ending = Object.freeze({ ...ending, durationMs: this.now.monotonicMs() - this.startedMonotonicMs });
    const observers = this.endObservers;
    this.endObservers = NO_OBSERVERS;
    for (const observer of observers) {
      try {
        observer(this.ending, this as unknown as RpcCall);
      } catch (error) {
        this.observerFailed(error);
      }
    }
    return this.ending;
  }

  private tellOfMessage(direction: 'in' | 'out', message: unknown): void {
    for (const observer of this.messageObservers ?? []) {
      try {
        observer(direction, message);
      } catch (error) {
        this.observerFailed(error);
      }
    }
  }
}

const NO_OBSERVERS: readonly EndObserver[] = [];

/** A copy of exactly the size needed. `push` and the spread operator make room for 16 more, in every open call. */
function appended(observers: readonly EndObserver[], observer: EndObserver): readonly EndObserver[] {
  const { length } = observers;
  // eslint-disable-next-line unicorn/no-new-array -- what Array.from makes is larger, and takes longer
  const copy = new Array<EndObserver>(length + 1);
  for (let index = 0; index < length; index++) copy[index] = observers[index] as EndObserver;
  copy[length] = observer;
  return copy;
}
