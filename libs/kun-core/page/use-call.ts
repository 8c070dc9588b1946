import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallEvent, CallRequest } from '../src/admin/answers/calling.js';
import { adminApi } from './admin-api.js';
import { useTask } from './use-task.js';

/** An event, and when the page received it. */
export type SeenEvent = Seen<CallEvent>;

type Seen<E> = E extends CallEvent ? E & { readonly seenAt: number } : never;

/** A call whose request stream accepts further messages. */
export interface PageCall {
  readonly id: string;
  readonly halfClosed: boolean;
}

export interface RunningCall {
  readonly events: readonly SeenEvent[];
  readonly running: boolean;
  readonly open: PageCall | undefined;
  readonly problem: JSX.Element | null;
  start(request: CallRequest): Promise<void>;
  /** Runs something that may fail before a call begins, such as reading the form. */
  attempt(action: () => Promise<void>): Promise<void>;
  send(messages: readonly unknown[]): Promise<void>;
  halfClose(): Promise<void>;
  cancel(): void;
}

/** Whether it is the event that reports how the call can be referred to. */
export function callStarted<E extends CallEvent>(event: E): event is Extract<E, { readonly type: 'open' }> {
  return event.type === 'open';
}

/** One call at a time; it is cancelled when the form is removed. */
export function useCall(): RunningCall {
  const [events, setEvents] = useState<readonly SeenEvent[]>([]);
  const [running, setRunning] = useState(false);
  const [open, setOpen] = useState<PageCall>();
  const controller = useRef<AbortController | undefined>(undefined);
  const task = useTask();
  useEffect(() => () => controller.current?.abort(), []);
  return {
    events,
    running,
    open,
    problem: task.problem,
    attempt: (action) => task.run(action),
    async start(request) {
      controller.current?.abort();
      const own = new AbortController();
      controller.current = own;
      setEvents([]);
      setRunning(true);
      try {
        for await (const event of adminApi.call(request, own.signal)) {
          setEvents((before) => [...before, { ...event, seenAt: Date.now() }]);
          if (event.type === 'open' && request.open) setOpen({ id: event.id, halfClosed: false });
        }
      } catch (error) {
        if (!own.signal.aborted) throw error;
      } finally {
        if (controller.current === own) {
          setRunning(false);
          setOpen(undefined);
        }
      }
    },
    send: (messages) => task.run(async () => void (open && (await adminApi.send(open.id, messages)))),
    halfClose: () =>
      task.run(async () => {
        if (!open) return;
        await adminApi.halfClose(open.id);
        setOpen({ ...open, halfClosed: true });
      }),
    cancel() {
      // By its id, so that its final status is still received; without an id yet, by closing the connection.
      const id = events.find(callStarted)?.id;
      if (id === undefined) controller.current?.abort();
      else void task.run(async () => void (await adminApi.cancel(id)));
    },
  };
}
