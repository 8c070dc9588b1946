import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { FailedCall } from '../src/admin/answers/calls.js';
import type { LiveState } from './live-state.js';
import { Badge, Empty, Method, Panel, Table } from './panel.js';
import { durationText, timeText } from './units.js';

/** The last failures, found by method, code, request id or cause. */
export function Failures({ state: { errors } }: { readonly state: LiveState }): JSX.Element {
  const [filter, setFilter] = useState('');
  const [answersToo, setAnswersToo] = useState(false);
  const shown = errors.filter(
    (failure) =>
      (answersToo || failure.severity === 'fault') && wordsOf(failure).includes(filter.toLowerCase()),
  );
  return (
    <div class="grid">
      <div class="toolbar wide">
        <label>
          Find{' '}
          <input
            type="search"
            placeholder="method, code, request id, cause"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            checked={answersToo}
            onChange={(event) => setAnswersToo(event.currentTarget.checked)}
          />{' '}
          also what callers caused
        </label>
      </div>
      <Panel title="Failures" wide aside={`${shown.length} of ${errors.length}`}>
        <FailureTable failures={shown} />
      </Panel>
    </div>
  );
}

/** Failures, each with what led to it. */
export function FailureTable({ failures }: { readonly failures: readonly FailedCall[] }): JSX.Element {
  if (failures.length === 0) return <Empty>Nothing has failed.</Empty>;
  return (
    <Table
      caption="Failures, the latest first"
      columns={['At', 'Code', 'Method', 'What happened', 'Took', 'Request id']}
    >
      {failures.map((failure) => (
        <tr key={failure.seq}>
          <td class="number">{timeText(failure.at)}</td>
          <td>
            <Badge tone={failure.severity === 'fault' ? 'bad' : 'neutral'}>{failure.codeName}</Badge>
          </td>
          <td>
            <Method name={failure.method} />
            {failure.upstream !== undefined && <small class="dim"> to {failure.upstream}</small>}
          </td>
          <td class="wrap">
            <WhatHappened failure={failure} />
          </td>
          <td class="number">{durationText(failure.durationMs)}</td>
          <td>
            <code>{failure.requestId}</code>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function WhatHappened({
  failure: { causes, message, endedBy, upstream },
}: {
  readonly failure: FailedCall;
}): JSX.Element {
  const [first, ...rest] = causes;
  const told =
    message === '' ? null : (
      <div class="dim">{upstream === undefined ? `told the caller: ${message}` : message}</div>
    );
  const how =
    endedBy === 'status' ? null : (
      <div class="dim">{endedBy === 'reset' ? 'reset by the caller' : 'the connection was lost'}</div>
    );
  if (!first) return <>{told ?? how ?? '–'}</>;
  return (
    <>
      <div>
        <strong>{first.type}</strong>: {first.message}
      </div>
      {rest.map(({ type, message: text }, index) => (
        <div key={index} class="cause">
          because of <strong>{type}</strong>: {text}
        </div>
      ))}
      {told}
      {how}
    </>
  );
}

function wordsOf({
  method,
  codeName,
  requestId,
  traceId = '',
  message,
  causes,
  upstream = '',
}: FailedCall): string {
  const texts = causes.flatMap(({ type, message: text }) => [type, text]);
  return [method, codeName, requestId, traceId, message, upstream, ...texts].join(' ').toLowerCase();
}
