import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { AdminApiError } from './admin-api.js';

export interface Task {
  readonly busy: boolean;
  /** Why the last one failed, to be shown where it was asked for; `null` when it did not. */
  readonly problem: JSX.Element | null;
  run(action: () => Promise<void>): Promise<void>;
}

/** Something asked of the admin port: whether it is under way, and why it failed. */
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState('');
  const latest = useRef(0);
  return {
    busy,
    problem:
      message === '' ? null : (
        <p class="problem" role="alert">
          {message}
        </p>
      ),
    async run(action) {
      const own = ++latest.current;
      setBusy(true);
      setMessage('');
      try {
        await action();
      } catch (error) {
        if (own === latest.current) setMessage(textOf(error));
      } finally {
        if (own === latest.current) setBusy(false);
      }
    },
  };
}

function textOf(error: unknown): string {
  if (error instanceof AdminApiError && (error.status === 401 || error.status === 403)) {
    return `${error.message}${error.message.includes('Token') ? '' : ' (the token goes at the top of the page)'}`;
  }
  return error instanceof Error ? error.message : String(error);
}
