import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { rememberedToken, rememberToken } from './admin-api.js';
import type { LiveState } from './live-state.js';
import { Badge } from './panel.js';
import { durationText } from './units.js';

/** Who this is and how it stands, on every view. */
export function Header({ state: { status, connection } }: { readonly state: LiveState }): JSX.Element {
  return (
    <header>
      <div class="identity">
        <strong class="service">{status?.identity.service ?? 'kun'}</strong>
        {status && (
          <>
            <span>{status.identity.instance}</span>
            {status.identity.version !== undefined && <span class="dim">{status.identity.version}</span>}
            <span class="dim">
              {[status.identity.domain, status.identity.namespace, status.identity.cluster]
                .filter(Boolean)
                .join(' / ')}
            </span>
          </>
        )}
      </div>
      <div class="standing">
        {status && (
          <Badge tone={status.ready ? 'good' : 'bad'}>
            {status.ready ? 'ready' : `not ready: ${status.phase}`}
          </Badge>
        )}
        {status && <span class="dim">up {durationText(status.process.uptimeSeconds * 1000)}</span>}
        <span role="status">
          {connection === 'live' ? (
            <span class="live">live</span>
          ) : (
            <Badge tone="warn">{connection === 'lost' ? 'not connected; trying again' : 'connecting'}</Badge>
          )}
        </span>
        {status?.admin.token && <Token />}
        <Theme />
      </div>
    </header>
  );
}

/** Unlocks what changes, costs or calls something. */
function Token(): JSX.Element {
  const [known, setKnown] = useState(rememberedToken() !== '');
  const [typed, setTyped] = useState('');
  const keep = (token: string) => {
    rememberToken(token);
    setKnown(token !== '');
    setTyped('');
  };
  if (known) {
    return (
      <button type="button" class="quiet" title="Forgets the token" onClick={() => keep('')}>
        Unlocked
      </button>
    );
  }
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        keep(typed);
      }}
    >
      <label>
        <span class="unseen">Admin token</span>
        <input
          type="password"
          autocomplete="off"
          placeholder="Admin.Token"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={typed === ''}>
        Unlock
      </button>
    </form>
  );
}

/** Light, dark, or as the system has it. */
function Theme(): JSX.Element {
  const dark = () =>
    document.documentElement.dataset['theme'] === 'dark' ||
    (document.documentElement.dataset['theme'] === undefined &&
      matchMedia('(prefers-color-scheme: dark)').matches);
  const [isDark, setIsDark] = useState(dark);
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => {
        document.documentElement.dataset['theme'] = isDark ? 'light' : 'dark';
        setIsDark(!isDark);
      }}
    >
      {isDark ? 'Light' : 'Dark'}
    </button>
  );
}
