import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ConfigAnswer, ConfigEntry, ConfigOrigin } from '../src/admin/answers/process.js';
import { adminApi } from './admin-api.js';
import type { LiveState } from './live-state.js';
import { Badge, Empty, Panel, Table } from './panel.js';
import { useTask } from './use-task.js';

/** The configuration in force, each value with where it stands and what it hides. Read anew when it changes. */
export function ConfigurationView({
  state: { configHash, status },
}: {
  readonly state: LiveState;
}): JSX.Element {
  const [answer, setAnswer] = useState<ConfigAnswer>();
  const [filter, setFilter] = useState('');
  const [setOnly, setSetOnly] = useState(true);
  const task = useTask();
  useEffect(() => void task.run(async () => setAnswer(await adminApi.config())), [configHash]);
  const waiting = status?.config.needRestart ?? [];
  const values = answer?.values.filter(
    ({ key, value, from }) =>
      (!setOnly || from !== 'default') && `${key} ${value}`.toLowerCase().includes(filter.toLowerCase()),
  );
  return (
    <div class="grid">
      <div class="toolbar wide">
        <label>
          Find{' '}
          <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
        <label>
          <input
            type="checkbox"
            checked={setOnly}
            onChange={(event) => setSetOnly(event.currentTarget.checked)}
          />{' '}
          without defaults
        </label>
      </div>
      {task.problem}
      {answer?.error !== undefined && (
        <Panel title="The files cannot be used" wide aside={<Badge tone="bad">not in force</Badge>}>
          <pre>{answer.error}</pre>
        </Panel>
      )}
      {waiting.length > 0 && (
        <Panel title="Wants a restart" wide>
          <p>{waiting.join(', ')}</p>
        </Panel>
      )}
      {answer && answer.warnings.length > 0 && (
        <Panel title="Warnings" wide>
          <ul class="reasons">
            {answer.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Panel>
      )}
      <Panel title="Configuration in force" wide aside={answer && <code>{answer.hash}</code>}>
        {values?.length === 0 && <Empty>No key matches.</Empty>}
        {values && values.length > 0 && (
          <Table caption="Keys" columns={['Key', 'Value', 'From', 'Hides']}>
            {values.map((entry) => (
              <Row key={entry.key} entry={entry} />
            ))}
          </Table>
        )}
      </Panel>
      {answer && (
        <Panel title="Files" wide>
          <Table caption="Files, the outermost first" columns={['Layer', 'File', 'State']}>
            {answer.layers.map(({ name, file, found }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>
                  <code>{file}</code>
                </td>
                <td>{found ? 'read' : <span class="dim">not there</span>}</td>
              </tr>
            ))}
          </Table>
        </Panel>
      )}
    </div>
  );
}

function Row({ entry }: { readonly entry: ConfigEntry }): JSX.Element {
  const { key, value, from, hides, description, reload } = entry;
  return (
    <tr>
      <td>
        <code title={description}>{key}</code>
      </td>
      <td class="wrap">
        <code>{value}</code>
      </td>
      <td>
        {from === 'default' ? <span class="dim">default</span> : placeOf(entry)}
        {reload === 'live' && <small class="dim"> follows the file</small>}
      </td>
      <td class="wrap">
        {hides.map((hidden, index) => (
          <div key={index}>
            <code>{hidden.value}</code> <small class="dim">{placeOf(hidden)}</small>
          </div>
        ))}
      </td>
    </tr>
  );
}

function placeOf({ layer, file, line, column }: ConfigOrigin): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return [layer, place].filter((part) => part !== undefined && part !== '').join(', ');
}
