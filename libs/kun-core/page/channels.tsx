import type { JSX } from 'preact';
import type { ChannelEntry } from '../src/admin/answers/process.js';
import type { LiveState } from './live-state.js';
import { Badge, Empty, Panel, Table, type Tone } from './panel.js';
import { timeText } from './units.js';

const TONES: Readonly<Record<ChannelEntry['state'], Tone>> = {
  ready: 'good',
  connecting: 'warn',
  failing: 'bad',
  idle: 'neutral',
  closed: 'neutral',
};

/** The channels to upstreams. */
export function Channels({ state: { channels = [] } }: { readonly state: LiveState }): JSX.Element {
  return (
    <div class="grid">
      <Panel title="Channels to upstreams" wide>
        {channels.length === 0 ? (
          <Empty>This service calls no other.</Empty>
        ) : (
          <Table
            caption="Channels"
            columns={['Upstream', 'State', 'Target', 'Connected to', 'In flight', 'Last failure']}
          >
            {channels.map(({ name, state, target, addresses, inFlight, tls, lastError }) => (
              <tr key={name}>
                <td>
                  <strong>{name}</strong>
                </td>
                <td>
                  <Badge tone={TONES[state]}>{state}</Badge>
                </td>
                <td>
                  <code>{target}</code>
                  <small class="dim"> {tls ? 'TLS' : 'plain text'}</small>
                </td>
                <td>{addresses.length === 0 ? '–' : <code>{addresses.join(', ')}</code>}</td>
                <td class="number">{inFlight}</td>
                <td class="wrap">
                  {lastError ? (
                    <>
                      {timeText(lastError.at)} <Badge tone="neutral">{lastError.code}</Badge>{' '}
                      {lastError.message}
                    </>
                  ) : (
                    '–'
                  )}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Panel>
    </div>
  );
}
