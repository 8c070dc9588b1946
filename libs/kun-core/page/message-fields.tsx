import type { JSX } from 'preact';
import type { FieldEntry, MethodsAnswer } from '../src/admin/answers/calling.js';

interface MessageFieldsProps {
  readonly title: string;
  /** Full name of the message. */
  readonly type: string;
  readonly types: MethodsAnswer['types'];
}

/** The fields of a message with the proto's comments; messages within it are opened one by one, since they may contain themselves. */
export function MessageFields({ title, type, types }: MessageFieldsProps): JSX.Element | null {
  const shape = types[type];
  if (!shape?.fields) return null;
  return (
    <details class="fields">
      <summary>
        {title} <code class="dim">{type}</code>
      </summary>
      {shape.comment !== undefined && <p class="comment">{shape.comment}</p>}
      {shape.fields.length === 0 && <p class="dim">It has none.</p>}
      <ul>
        {shape.fields.map((field) => (
          <li key={field.name}>
            <code>{field.name}</code> <span class="dim">{typeText(field)}</span>
            {field.comment !== undefined && <span class="comment"> {field.comment}</span>}
            {types[field.type]?.values && (
              <div class="dim">one of {types[field.type]?.values?.map(({ name }) => name).join(', ')}</div>
            )}
            <MessageFields title="its fields" type={field.type} types={types} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function typeText({ type, label, key, oneof }: FieldEntry): string {
  const text = label === 'map' ? `map of ${type} by ${key}` : label === 'repeated' ? `list of ${type}` : type;
  return oneof === undefined ? text : `${text}, one of ${oneof}`;
}
