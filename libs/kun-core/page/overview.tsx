import type { JSX } from 'preact';
import type { RecentCallsAnswer } from '../src/admin/answers/calls.js';
import type { ProbeEntry, StatusAnswer } from '../src/admin/answers/process.js';
import { CallsInFlight } from './calls.js';
import { FailureTable } from './failures.js';
import { LineChart } from './line-chart.js';
import type { LiveState } from './live-state.js';
import { LogLevelControl } from './log-level.js';
import { Badge, Empty, Facts, Panel } from './panel.js';
import { seriesTotals } from './series-totals.js';
import { bytesText, durationText, numberText, shareText } from './units.js';

/** What somebody who was just woken looks at first. */
export function Overview({ state }: { readonly state: LiveState }): JSX.Element {
  const { status, recent, inFlight, errors } = state;
  if (!status) return <Empty>Waiting for the service…</Empty>;
  const faults = errors.filter(({ severity }) => severity === 'fault');
  return (
    <div class="grid">
      <Panel title="Readiness" aside={<Ready status={status} />}>
        <Probes status={status} />
      </Panel>
      <Panel title="Process">
        <ProcessFacts status={status} />
      </Panel>
      <Panel title="Log level">
        <LogLevelControl level={state.logLevel ?? status.logLevel} />
      </Panel>
      {recent !== undefined && <CallsTaken recent={recent} />}
      <Panel title="In flight" wide aside={inFlight && `${inFlight.server} taken, ${inFlight.client} made`}>
        <CallsInFlight inFlight={inFlight} atMost={8} />
      </Panel>
      <Panel title="Recent failures" wide aside={<a href="#failures">all</a>}>
        <FailureTable failures={faults.slice(0, 6)} />
      </Panel>
    </div>
  );
}

function CallsTaken({ recent }: { readonly recent: RecentCallsAnswer }): JSX.Element {
  const totals = seriesTotals(recent, 'server');
  return (
    <Panel title="Calls taken" wide aside={<a href="#calls">by method</a>}>
      <div class="charts">
        <LineChart
          title="Calls a second"
          lines={[{ name: 'calls', values: totals.rate, tone: 'main' }]}
          text={numberText}
          {...recent}
        />
        <LineChart
          title="Not OK, a second"
          lines={[{ name: 'not OK', values: totals.errors, tone: 'bad' }]}
          text={numberText}
          {...recent}
        />
        <LineChart
          title="Slowest method"
          lines={[
            { name: 'p99', values: totals.p99Ms, tone: 'main' },
            { name: 'p50', values: totals.p50Ms, tone: 'soft' },
          ]}
          text={durationText}
          {...recent}
        />
      </div>
    </Panel>
  );
}

function Ready({ status: { ready, phase } }: { readonly status: StatusAnswer }): JSX.Element {
  if (ready) return <Badge tone="good">ready</Badge>;
  return <Badge tone={phase === 'serving' ? 'bad' : 'warn'}>not ready</Badge>;
}

function Probes({ status }: { readonly status: StatusAnswer }): JSX.Element {
  const entries = [
    ...Object.entries(status.readiness).map(([name, entry]) => ({ name, entry, probe: 'readiness' })),
    ...Object.entries(status.liveness).map(([name, entry]) => ({ name, entry, probe: 'liveness' })),
  ];
  return (
    <>
      {status.reasons.length > 0 && (
        <ul class="reasons">
          {status.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <ul class="probes">
        {entries.map(({ name, entry, probe }) => (
          <li key={`${probe} ${name}`}>
            <Badge tone={entry.status === 'up' ? 'good' : entry.status === 'down' ? 'bad' : 'warn'}>
              {entry.status}
            </Badge>
            <span>{name}</span>
            <span class="dim">{factsOf(entry) || probe}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function factsOf(entry: ProbeEntry): string {
  return Object.entries(entry)
    .filter(([name]) => name !== 'status')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function ProcessFacts({ status }: { readonly status: StatusAnswer }): JSX.Element {
  const { process, eventLoop, memory, cpu, gc, ports } = status;
  const collections = Object.values(gc).reduce((sum, { seconds }) => sum + seconds, 0);
  const late = eventLoop.delayP99Ms > 50;
  return (
    <Facts
      of={[
        ['Up for', durationText(process.uptimeSeconds * 1000)],
        ['CPU', `${shareText(cpu)} of a core`],
        [
          'Event loop, p99 late',
          <span class={late ? 'tone-bad' : ''}>
            {durationText(eventLoop.delayP99Ms)}
            <small class="dim"> {shareText(eventLoop.utilization)} busy</small>
          </span>,
        ],
        [
          'Memory',
          <>
            {bytesText(memory.rss)}
            <small class="dim"> resident</small>
          </>,
        ],
        [
          'Heap',
          <>
            {bytesText(memory.heapUsed)}
            <small class="dim"> of {bytesText(memory.heapLimit)} at most</small>
          </>,
        ],
        ['Garbage collection', shareText(collections / Math.max(1, process.uptimeSeconds))],
        [
          'Ports',
          Object.entries(ports)
            .map(([name, port]) => `${name} ${port}`)
            .join(', '),
        ],
        ['Runs on', `Node ${process.node.replace(/^v/, '')}, kun ${process.kun}`],
      ]}
    />
  );
}
