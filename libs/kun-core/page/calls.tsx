import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CallInFlight, CallsAnswer, MethodSeries } from '../src/admin/answers/calls.js';
import { LineChart } from './line-chart.js';
import { keyOf, type LiveState } from './live-state.js';
import { Badge, Empty, Method, Panel, Table } from './panel.js';
import { durationText, numberText } from './units.js';

/** Every method's last minutes, and all calls in flight. */
export function Calls({ state: { recent, inFlight } }: { readonly state: LiveState }): JSX.Element {
  const [filter, setFilter] = useState('');
  const matches = ({ method, upstream = '' }: { readonly method: string; readonly upstream?: string }) =>
    `${method} ${upstream}`.toLowerCase().includes(filter.toLowerCase());
  const methods = recent?.methods.filter(matches) ?? [];
  return (
    <div class="grid">
      <div class="toolbar wide">
        <label>
          Method{' '}
          <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
      </div>
      <Panel title="In flight" wide aside={inFlight && `${inFlight.server} taken, ${inFlight.client} made`}>
        <CallsInFlight inFlight={inFlight && { ...inFlight, calls: inFlight.calls.filter(matches) }} />
      </Panel>
      <Panel title="Methods" wide>
        {methods.length === 0 ? (
          <Empty>No calls in the last minutes.</Empty>
        ) : (
          methods.map((series) => (
            <article key={keyOf(series)} class="method">
              <h3>
                <Method name={series.method} />
                <span class="dim">{sideText(series)}</span>
              </h3>
              {recent && (
                <MethodCharts series={series} until={recent.until} stepSeconds={recent.stepSeconds} />
              )}
            </article>
          ))
        )}
      </Panel>
    </div>
  );
}

function MethodCharts({
  series,
  ...steps
}: {
  readonly series: MethodSeries;
  readonly until: number;
  readonly stepSeconds: number;
}): JSX.Element {
  return (
    <div class="charts">
      <LineChart
        title="A second"
        lines={[
          { name: 'calls', values: series.rate, tone: 'main' },
          { name: 'not OK', values: series.errors, tone: 'bad' },
        ]}
        text={numberText}
        {...steps}
      />
      <LineChart
        title="Took"
        lines={[
          { name: 'p99', values: series.p99Ms, tone: 'main' },
          { name: 'p50', values: series.p50Ms, tone: 'soft' },
        ]}
        text={durationText}
        {...steps}
      />
    </div>
  );
}

/** The calls in flight, the oldest first. */
export function CallsInFlight({
  inFlight,
  atMost = Infinity,
}: {
  readonly inFlight: CallsAnswer['inFlight'] | undefined;
  readonly atMost?: number;
}): JSX.Element {
  if (!inFlight || inFlight.calls.length === 0) return <Empty>No calls are in flight.</Empty>;
  const shown = inFlight.calls.slice(0, atMost);
  const more = inFlight.server + inFlight.client - shown.length;
  return (
    <>
      <Table
        caption="Calls in flight"
        columns={['Method', 'Age', 'Time left', 'Messages', 'Other side', 'Request id']}
      >
        {shown.map((call) => (
          <tr key={`${call.side} ${call.requestId} ${call.startedAt} ${call.attempt}`}>
            <td>
              <Method name={call.method} />
              <small class="dim"> {sideText(call)}</small>
              {call.state === 'handler' && <Badge tone="warn">ended; its handler runs</Badge>}
              {call.attempt > 1 && <Badge tone="warn">attempt {call.attempt}</Badge>}
            </td>
            <td class="number">{durationText(call.ageMs)}</td>
            <td class="number">{timeLeft(call)}</td>
            <td class="number">
              {call.received} in, {call.sent} out
            </td>
            <td>
              <code>{call.peer}</code>
            </td>
            <td>
              <code>{call.requestId}</code>
            </td>
          </tr>
        ))}
      </Table>
      {more > 0 && <p class="dim">and {more} more</p>}
    </>
  );
}

function sideText({ side, kind, upstream }: Pick<CallInFlight, 'side' | 'kind' | 'upstream'>): string {
  const words = kind.replace('_', ' ');
  return side === 'server' ? words : `${words}, to ${upstream ?? 'an upstream'}`;
}

function timeLeft({ deadline, startedAt, ageMs }: CallInFlight): JSX.Element | string {
  if (deadline === undefined) return 'none set';
  const leftMs = deadline - startedAt - ageMs;
  return leftMs > 0 ? durationText(leftMs) : <span class="tone-bad">over</span>;
}
