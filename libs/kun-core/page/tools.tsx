import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { TraceNextAnswer } from '../src/admin/answers/process.js';
import { adminApi } from './admin-api.js';
import type { LiveState } from './live-state.js';
import { Empty, Method, Panel, Table } from './panel.js';
import { timeText } from './units.js';
import { useTask } from './use-task.js';

/** What costs something: a CPU profile, a heap snapshot, spans whatever the ratio. */
export function Tools({ state }: { readonly state: LiveState }): JSX.Element {
  return (
    <div class="grid">
      <Profile />
      <Heap />
      <TraceNext methods={state.recent?.methods.map(({ method }) => method) ?? []} />
    </div>
  );
}

function Profile(): JSX.Element {
  const [seconds, setSeconds] = useState(10);
  const task = useTask();
  return (
    <Panel title="CPU profile">
      <p>
        What the thread does, sampled; a few per cent dearer while it lasts. It opens in a browser's developer
        tools.
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(() =>
            adminApi.download(`debug/profile?seconds=${seconds}`, `${nameNow()}.cpuprofile`),
          );
        }}
      >
        <label>
          Seconds{' '}
          <input
            type="number"
            min="1"
            max="60"
            value={seconds}
            onInput={(event) => setSeconds(Number(event.currentTarget.value))}
          />
        </label>
        <button type="submit" disabled={task.busy}>
          {task.busy ? 'Recording…' : 'Record'}
        </button>
      </form>
      {task.problem}
    </Panel>
  );
}

function Heap(): JSX.Element {
  const task = useTask();
  return (
    <Panel title="Heap snapshot">
      <p>
        Everything that is in memory, <strong>secrets too</strong>. The process stands still for seconds: take
        the instance out of balancing first.
      </p>
      <button
        type="button"
        disabled={task.busy}
        onClick={() => void task.run(() => adminApi.download('debug/heap', `${nameNow()}.heapsnapshot`))}
      >
        {task.busy ? 'Writing…' : 'Take'}
      </button>
      {task.problem}
    </Panel>
  );
}

function TraceNext({ methods }: { readonly methods: readonly string[] }): JSX.Element {
  const [answer, setAnswer] = useState<TraceNextAnswer>();
  const [method, setMethod] = useState('');
  const [count, setCount] = useState(1);
  const task = useTask();
  const look = () => task.run(async () => setAnswer(await adminApi.traced()));
  useEffect(() => void look(), []);
  return (
    <Panel title="Record the next calls" wide>
      <p>As spans in the collector, whatever Tracing.SampleRatio says.</p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void task.run(async () => setAnswer(await adminApi.traceNext(method, count)));
        }}
      >
        <label>
          Method{' '}
          <select value={method} onChange={(event) => setMethod(event.currentTarget.value)}>
            <option value="">all</option>
            {[...new Set(methods)].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Calls{' '}
          <input
            type="number"
            min="1"
            max="1000"
            value={count}
            onInput={(event) => setCount(Number(event.currentTarget.value))}
          />
        </label>
        <button type="submit" disabled={task.busy}>
          Record
        </button>
        <button type="button" class="quiet" onClick={() => void look()}>
          Look again
        </button>
      </form>
      {task.problem}
      {answer?.pending.map(({ method: name, remaining }) => (
        <p key={name}>
          {remaining} more of {name === '*' ? 'any method' : <Method name={name} />}
        </p>
      ))}
      {answer?.recorded.length === 0 && <Empty>Nothing was recorded by request.</Empty>}
      {answer && answer.recorded.length > 0 && (
        <Table caption="Recorded calls" columns={['At', 'Method', 'Request id', 'Trace id']}>
          {answer.recorded.map(({ at, method: name, requestId, traceId }) => (
            <tr key={`${traceId} ${requestId}`}>
              <td class="number">{timeText(at)}</td>
              <td>
                <Method name={name} />
              </td>
              <td>
                <code>{requestId}</code>
              </td>
              <td>
                <code>{traceId}</code>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}

function nameNow(): string {
  return `${document.title.replaceAll(/[^\w-]+/g, '-')}-${new Date().toISOString().replaceAll(':', '-')}`;
}
