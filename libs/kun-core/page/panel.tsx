import type { ComponentChildren, JSX } from 'preact';

interface PanelProps {
  readonly title: string;
  /** Stands at the right of the title. */
  readonly aside?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A titled part of the page. */
export function Panel({ title, aside, wide = false, children }: PanelProps): JSX.Element {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return (
    <section class={wide ? 'panel wide' : 'panel'} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="panel-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

export type Tone = 'good' | 'bad' | 'warn' | 'neutral';

/** A word with a colour that says the same. */
export function Badge({
  tone,
  children,
}: {
  readonly tone: Tone;
  readonly children: ComponentChildren;
}): JSX.Element {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** What stands where there is nothing to show. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** Facts with their names. */
export function Facts({
  of,
}: {
  readonly of: ReadonlyArray<readonly [string, ComponentChildren]>;
}): JSX.Element {
  return (
    <dl class="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/**
 * A table, or on a phone a list whose entries name each value as the column's head does; its caption is for those who do
 * not see the heading.
 */
export function Table({
  caption,
  columns,
  children,
}: {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly children: ComponentChildren;
}): JSX.Element {
  const heads = Object.fromEntries(columns.map((column, at) => [`--head-${at + 1}`, JSON.stringify(column)]));
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={caption}>
      <table style={heads}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** `Service/Method` of `/package.Service/Method`, with the package to be seen on the whole name. */
export function Method({ name }: { readonly name: string }): JSX.Element {
  const [, packageName = '', short = name] = /^\/(?:(.+)\.)?([^./]+\/[^/]+)$/.exec(name) ?? [];
  return (
    <code title={name}>
      {packageName !== '' && <span class="dim package">{packageName}.</span>}
      {short}
    </code>
  );
}
