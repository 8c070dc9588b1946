import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { LevelName, LogLevelAnswer } from '../src/admin/answers/process.js';
import { adminApi } from './admin-api.js';
import { useTask } from './use-task.js';
import { durationText } from './units.js';

const LEVELS: readonly LevelName[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const SECONDS = [60, 300, 600, 1800, 3600];

/** What is logged now, and for how long something else shall be; it goes back by itself. */
export function LogLevelControl({
  level: { level, configured, revertsAt },
}: {
  readonly level: LogLevelAnswer;
}): JSX.Element {
  const [wanted, setWanted] = useState<LevelName>('debug');
  const [forSeconds, setForSeconds] = useState(600);
  const task = useTask();
  return (
    <>
      <p class="big" data-level={level}>
        {level}
        {revertsAt !== undefined && (
          <small class="dim">
            {' '}
            back to {configured} in {durationText(Math.max(0, revertsAt - Date.now()))}
          </small>
        )}
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(async () => void (await adminApi.setLogLevel(wanted, forSeconds)));
        }}
      >
        <label>
          Log{' '}
          <select value={wanted} onChange={(event) => setWanted(event.currentTarget.value as LevelName)}>
            {LEVELS.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          for{' '}
          <select value={forSeconds} onChange={(event) => setForSeconds(Number(event.currentTarget.value))}>
            {SECONDS.map((seconds) => (
              <option key={seconds} value={seconds}>
                {durationText(seconds * 1000)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" disabled={task.busy}>
          Set
        </button>
        {revertsAt !== undefined && (
          <button
            type="button"
            class="quiet"
            onClick={() => void task.run(async () => void (await adminApi.resetLogLevel()))}
          >
            Back now
          </button>
        )}
      </form>
      {task.problem}
    </>
  );
}
