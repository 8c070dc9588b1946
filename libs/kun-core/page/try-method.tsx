import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { MethodsAnswer, MethodEntry } from '../src/admin/answers/calling.js';
import { adminApi } from './admin-api.js';
import { CallLog } from './call-log.js';
import { callStarted, type PageCall, useCall } from './use-call.js';
import { MessageFields } from './message-fields.js';
import { Empty, Panel } from './panel.js';
import { useTask } from './use-task.js';

/** Calls a method of this service, streams too, and shows what comes back as it comes. */
export function TryMethod(): JSX.Element {
  const [methods, setMethods] = useState<MethodsAnswer>();
  const [name, setName] = useState('');
  const loading = useTask();
  useEffect(() => void loading.run(async () => setMethods(await adminApi.methods())), []);
  const all = useMemo(() => methods?.services.flatMap((service) => service.methods) ?? [], [methods]);
  const chosen = all.find(({ method }) => method === name) ?? all[0];
  if (!methods || !chosen)
    return loading.problem ?? <Empty>{methods ? 'No method can be called.' : 'Reading the protos…'}</Empty>;
  return (
    <MethodCall key={chosen.method} method={chosen} methods={methods}>
      <label class="block">
        Method
        <select value={chosen.method} onChange={(event) => setName(event.currentTarget.value)}>
          {methods.services.map((service) => (
            <optgroup key={service.name} label={service.name}>
              {service.methods.map((method) => (
                <option key={method.method} value={method.method}>
                  {method.name} ({method.kind.replace('_', ' ')})
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      {chosen.comment !== undefined && <p class="comment">{chosen.comment}</p>}
    </MethodCall>
  );
}

interface MethodCallProps {
  readonly method: MethodEntry;
  readonly methods: MethodsAnswer;
  readonly children: ComponentChildren;
}

function MethodCall({ method, methods, children }: MethodCallProps): JSX.Element {
  const [text, setText] = useState(() => JSON.stringify(method.example, undefined, 2));
  const [metadata, setMetadata] = useState('');
  const [seconds, setSeconds] = useState('');
  const call = useCall();
  const streams = method.kind === 'client_streaming' || method.kind === 'bidi_streaming';
  const open = call.open;
  const start = () =>
    call.start({
      method: method.method,
      messages: [JSON.parse(text) as unknown],
      ...(streams && { open: true }),
      metadata: metadataOf(metadata),
      ...(seconds !== '' && { timeoutMs: Number(seconds) * 1000 }),
    });
  return (
    <div class="grid two">
      <Panel title="Request">
        {children}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (open) void call.send([JSON.parse(text) as unknown]);
            else void call.attempt(start);
          }}
        >
          <label class="block">
            {streams ? 'Next message' : 'Message'}, as JSON
            <textarea
              class="code"
              rows={Math.min(16, Math.max(4, text.split('\n').length))}
              value={text}
              spellcheck={false}
              aria-invalid={problemOf(text) !== undefined}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          {problemOf(text) !== undefined && <p class="problem">{problemOf(text)}</p>}
          <div class="row">
            <label class="grow">
              Metadata, a line each
              <textarea
                class="code"
                rows={2}
                value={metadata}
                placeholder="x-tenant: acme"
                spellcheck={false}
                onInput={(event) => setMetadata(event.currentTarget.value)}
              />
            </label>
            <label>
              Deadline, s
              <input
                type="number"
                min="0.001"
                step="any"
                value={seconds}
                placeholder={method.kind === 'unary' ? '30' : '600'}
                onInput={(event) => setSeconds(event.currentTarget.value)}
              />
            </label>
          </div>
          <div class="row">
            <button
              type="submit"
              disabled={
                problemOf(text) !== undefined || (!open && call.running) || (open?.halfClosed ?? false)
              }
            >
              {open ? 'Send message' : 'Call'}
            </button>
            <HalfClose open={open} onClick={() => void call.halfClose()} />
            <button type="button" class="quiet" disabled={!call.running} onClick={() => call.cancel()}>
              Cancel
            </button>
          </div>
          {call.problem}
        </form>
        <MessageFields type={method.request} types={methods.types} title="Fields of the request" />
        <MessageFields type={method.response} types={methods.types} title="Fields of the response" />
      </Panel>
      <CallLog
        events={call.events}
        running={call.running}
        bufCurl={call.events.find(callStarted)?.bufCurl ?? method.bufCurl}
      />
    </div>
  );
}

function HalfClose({
  open,
  onClick,
}: {
  readonly open: PageCall | undefined;
  readonly onClick: () => void;
}): JSX.Element | null {
  if (!open) return null;
  return (
    <button type="button" class="quiet" disabled={open.halfClosed} onClick={onClick}>
      No more messages
    </button>
  );
}

function problemOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function metadataOf(text: string): Array<[string, string]> {
  return text
    .split('\n')
    .map((line) => line.split(/:(.*)/s, 2))
    .filter(([name = '']) => name.trim() !== '')
    .map(([name = '', value = '']) => [name.trim(), value.trim()]);
}
