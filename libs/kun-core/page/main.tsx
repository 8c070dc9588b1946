import { render, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Calls } from './calls.js';
import { Channels } from './channels.js';
import { ConfigurationView } from './configuration.js';
import { Failures } from './failures.js';
import { Header } from './header.js';
import { NOTHING_YET, watchEvents, type LiveState } from './live-state.js';
import { Overview } from './overview.js';
import { Tools } from './tools.js';
import { TryMethod } from './try-method.js';

/** The views, by the address after `#`. */
const VIEWS: Readonly<
  Record<string, { readonly title: string; readonly view: (props: { state: LiveState }) => JSX.Element }>
> = {
  overview: { title: 'Overview', view: Overview },
  calls: { title: 'Calls', view: Calls },
  failures: { title: 'Failures', view: Failures },
  channels: { title: 'Channels', view: Channels },
  configuration: { title: 'Configuration', view: ConfigurationView },
  try: { title: 'Call a method', view: TryMethod },
  tools: { title: 'Tools', view: Tools },
};

function Page(): JSX.Element {
  const [state, setState] = useState(NOTHING_YET);
  const [chosen, setChosen] = useState(viewInAddress);
  useEffect(() => watchEvents(setState), []);
  useEffect(() => {
    const follow = () => setChosen(viewInAddress());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  useEffect(() => {
    // On a phone the row of views is longer than the screen.
    document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosen]);
  const { service, instance } = state.status?.identity ?? {};
  useEffect(() => {
    if (service !== undefined) document.title = `${service} ${instance}`;
  }, [service, instance]);
  const View = VIEWS[chosen]!.view;
  const faults = state.errors.filter(({ severity }) => severity === 'fault').length;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skipTo(event, 'main')}>
        To the content
      </a>
      <Header state={state} />
      <nav aria-label="Views">
        {Object.entries(VIEWS).map(([name, { title }]) => (
          <a key={name} href={`#${name}`} aria-current={name === chosen ? 'page' : undefined}>
            {title}
            {name === 'failures' && faults > 0 && <span class="count">{faults}</span>}
          </a>
        ))}
      </nav>
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">{VIEWS[chosen]!.title}</h1>
        <View state={state} />
      </main>
    </>
  );
}

function viewInAddress(): string {
  const name = location.hash.slice(1);
  return name in VIEWS ? name : 'overview';
}

/** Not by the address, which chooses the view. */
function skipTo(event: Event, id: string): void {
  event.preventDefault();
  document.getElementById(id)?.focus();
}

render(<Page />, document.getElementById('page')!);
