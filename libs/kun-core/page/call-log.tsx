import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { MetadataEntry } from '../src/admin/answers/calling.js';
import { Badge, Empty, Panel } from './panel.js';
import { durationText, timeText } from './units.js';
import type { SeenEvent } from './use-call.js';

/** As many messages as are shown; a stream can be long. */
const SHOWN = 200;

interface CallLogProps {
  readonly events: readonly SeenEvent[];
  readonly running: boolean;
  /** The same for a terminal. */
  readonly bufCurl: string;
}

/** What came back, as it comes. */
export function CallLog({ events, running, bufCurl }: CallLogProps): JSX.Element {
  const shown = events.slice(-SHOWN);
  return (
    <Panel title="Answer" aside={running && <Badge tone="warn">under way</Badge>}>
      {events.length === 0 && <Empty>Nothing yet.</Empty>}
      {events.length > shown.length && (
        <p class="dim">{events.length - shown.length} earlier ones are not shown.</p>
      )}
      <ol class="events" aria-live="polite">
        {shown.map((event, index) => (
          <li key={events.length - shown.length + index} class={`event ${event.type}`}>
            <EventView event={event} />
          </li>
        ))}
      </ol>
      <Terminal line={bufCurl} />
    </Panel>
  );
}

function EventView({ event }: { readonly event: SeenEvent }): JSX.Element {
  switch (event.type) {
    case 'open':
      return (
        <p class="dim">
          {timeText(event.seenAt)} called; request id <code>{event.requestId}</code>
        </p>
      );
    case 'headers':
      return <Entries title="Headers" entries={event.metadata} />;
    case 'message':
      return (
        <>
          <p class="dim">
            {timeText(event.seenAt)} message {event.index + 1}
          </p>
          {event.error === undefined ? (
            <pre>{JSON.stringify(event.message, undefined, 2)}</pre>
          ) : (
            <p class="problem">{event.error}</p>
          )}
        </>
      );
    case 'end':
  }
  return (
    <>
      <p>
        <Badge tone={event.code === 0 ? 'good' : 'bad'}>{event.codeName}</Badge>{' '}
        {event.message === event.codeName ? '' : event.message}{' '}
        <span class="dim">after {durationText(event.durationMs)}</span>
      </p>
      {event.details.length > 0 && <pre>{JSON.stringify(event.details, undefined, 2)}</pre>}
      <Entries title="Trailers" entries={event.trailers} />
    </>
  );
}

function Entries({
  title,
  entries,
}: {
  readonly title: string;
  readonly entries: readonly MetadataEntry[];
}): JSX.Element | null {
  if (entries.length === 0) return null;
  return (
    <details>
      <summary>
        {title} ({entries.length})
      </summary>
      <dl class="facts">
        {entries.map(([name, value], index) => (
          <div key={index}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Terminal({ line }: { readonly line: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(line);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="terminal">
      <pre>{line}</pre>
      <button type="button" class="quiet" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
