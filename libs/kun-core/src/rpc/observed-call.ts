import { inspect } from 'node:util';
import type { Clock } from '../clock.js';
import { type ContextKey, Tags } from './call-values.js';
import type { Ending, MessageObserver, RpcCall } from './rpc-call.js';

/** What calls on either side have in common: what is known of them, and who is told of it. */
export abstract class ObservedCall {
  readonly startedAt: number;
  requestId = '';
  received = 0;
  sent = 0;
  ending: Ending | undefined;
  private readonly startedMonotonicMs: number;
  private callTags: Tags | undefined;
  private values: Map<symbol, unknown> | undefined;
  private messageObservers: MessageObserver[] | undefined;
  private endObservers: Array<(ending: Ending) => void> = [];

  constructor(private readonly now: Clock) {
    this.startedAt = now.now();
    this.startedMonotonicMs = now.monotonicMs();
  }

  /** Told what an observer threw: it must reach neither the transport's event nor the other observers. */
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

  onEnd(observer: (ending: Ending) => void): void {
    if (this.ending) observer(this.ending);
    else this.endObservers.push(observer);
  }

  /** What of a call may be printed or copied: not its metadata, where credentials are, nor the way to its connection. */
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

  /** Another call that starts with what is known of this one. */
  protected inherit(from: ObservedCall): void {
    this.requestId = from.requestId;
    this.callTags = from.callTags;
    if (from.values) this.values = new Map(from.values);
  }

  /** Sets the ending, once, and tells everybody who asked. */
  protected endWith(ending: Omit<Ending, 'durationMs'>): Ending {
    this.ending = Object.freeze({ ...ending, durationMs: this.now.monotonicMs() - this.startedMonotonicMs });
    const observers = this.endObservers;
    this.endObservers = [];
    for (const observer of observers) {
      try {
        observer(this.ending);
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
