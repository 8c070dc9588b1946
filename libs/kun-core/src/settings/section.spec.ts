import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { inKubernetes, key, part, type Surroundings } from './declare.js';
import type { Live } from './live.js';
import type { ResolvedSettings } from './resolve-settings.js';
import { optionalSection, section } from './section.js';
import type { ResolvedUpstream } from './upstream.js';
import { seconds, toMs } from './values.js';

const OUTSIDE: Surroundings = { inKubernetes: false, exporterConfigured: false };

const mail = section(
  'mail',
  {
    Timeout: key('timeoutMs', seconds().default(2), {
      description: 'How long sending may take',
      unit: 'seconds',
      reload: 'restart',
      read: toMs,
    }),
    Delay: key('delayMs', seconds().optional(), {
      description: 'How long a letter waits',
      unit: 'seconds',
      reload: 'live',
      otherwise: inKubernetes(5, 0),
      read: toMs,
    }),
    From: key('from', z.string().optional(), { description: 'Whom letters come from', reload: 'live' }),
    Copy: part(z.boolean().default(false), { description: 'Send a copy', reload: 'live' }),
    CopyTo: part(z.string().default('archive'), { description: 'Where to', reload: 'live' }),
    Proof: optionalSection('proof', 'live', {
      Share: key('share', z.number().default(1), { description: 'Of letters', reload: 'live' }),
    }),
  },
  { live: { copyTo: (said) => (said.Copy ? said.CopyTo : undefined) } },
);

/** The section as it is held, and a way to write it anew. */
function held(written: object) {
  let now = mail.read(mail.schema.parse(written), OUTSIDE);
  const listeners = new Set<() => void>();
  const settings = mail.hold({
    now: () => now,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const write = (next: object) => {
    now = mail.read(mail.schema.parse(next), OUTSIDE);
    for (const listener of listeners) listener();
  };
  return { settings, write, listeners };
}

describe('a section', () => {
  it('gives the code its own names and units, from one declaration', () => {
    expect(mail.read(mail.schema.parse({ Delay: 0.5, Copy: true }), OUTSIDE)).toEqual({
      timeoutMs: 2000,
      delayMs: 500,
      from: undefined,
      proof: undefined,
      copyTo: 'archive',
    });
  });

  it('takes a default from the surroundings, and says so in the description', () => {
    const absent = mail.schema.parse(undefined);
    expect(mail.read(absent, OUTSIDE).delayMs).toBe(0);
    expect(mail.read(absent, { ...OUTSIDE, inKubernetes: true }).delayMs).toBe(5000);
    expect(mail.object.shape.Delay.meta()).toEqual({
      description: 'How long a letter waits. Default: 5 in Kubernetes, 0 outside',
      unit: 'seconds',
      reload: 'live',
    });
  });

  it('follows live keys, and keeps the others as they were at the start', () => {
    const { settings, write } = held({ From: 'a' });
    write({ From: 'b', Timeout: 9, Copy: true, Proof: {} });
    expect(settings.timeoutMs).toBe(2000);
    expect(settings.from.current).toBe('b');
    expect(settings.copyTo.current).toBe('archive');
    expect(settings.proof.current).toEqual({ share: 1 });
  });

  it('reports changes of this setting only, until it is unsubscribed', () => {
    const { settings, write, listeners } = held({ Proof: {} });
    const told: unknown[] = [];
    const off = settings.proof.subscribe((proof) => told.push(proof));
    write({ Proof: {}, From: 'b' });
    write({ Proof: { Share: 0.5 }, From: 'b' });
    write({ From: 'c' });
    expect(told).toEqual([{ share: 0.5 }, undefined]);
    off();
    expect(listeners.size).toBe(0);
  });
});

describe('the type of a setting', () => {
  it('is inferred from the declaration, and another one for a live key', () => {
    expectTypeOf<ReturnType<typeof mail.hold>>().toEqualTypeOf<{
      readonly timeoutMs: number;
      readonly delayMs: Live<number>;
      readonly from: Live<string | undefined>;
      readonly proof: Live<{ readonly share: number } | undefined>;
      readonly copyTo: Live<string | undefined>;
    }>();
    expectTypeOf<ReturnType<typeof mail.read>>().toEqualTypeOf<{
      readonly timeoutMs: number;
      readonly delayMs: number;
      readonly from: string | undefined;
      readonly proof: { readonly share: number } | undefined;
      readonly copyTo: string | undefined;
    }>();
    expectTypeOf<ResolvedSettings['grpc']['drainTimeoutMs']>().toEqualTypeOf<number>();
    expectTypeOf<ResolvedSettings['grpc']['preStopDelayMs']>().toEqualTypeOf<number>();
    expectTypeOf<ResolvedSettings['grpc']['contentMaxLength']>().toEqualTypeOf<Live<number | undefined>>();
    expectTypeOf<ResolvedSettings['exitOnUnhandledRejection']>().toEqualTypeOf<Live<boolean>>();
    expectTypeOf<ResolvedUpstream['callTimeoutMs']>().toEqualTypeOf<Live<number | undefined>>();
  });

  it('does not let a live one be read once', () => {
    const { settings } = held({});
    const wait = (ms: number): number => ms;
    expect(wait(settings.delayMs.current)).toBe(0);
    // @ts-expect-error a live setting is no number
    wait(settings.delayMs);
    // @ts-expect-error nor can it be counted with
    expect(settings.delayMs * 2).toBeNaN();
    // @ts-expect-error nor compared
    expect(settings.from === 'a').toBe(false);
    // @ts-expect-error a key fixed at the start has nothing to follow
    expect(settings.timeoutMs.current).toBeUndefined();
  });

  it('does not let what is fixed at the start be made of what is live', () => {
    const [live, restart] = [
      part(z.string().default('a'), { description: 'Lives', reload: 'live' }),
      part(z.string().default('b'), { description: 'Stays', reload: 'restart' }),
    ];
    const stamp = optionalSection('stamp', 'live', { Live: live });
    const inner = section(undefined, { Live: live, Fixed: restart });
    const keys = { Live: live, Fixed: restart, Stamp: stamp, Inner: inner };
    const letter = section('letter', keys, {
      fixed: {
        both: ({ Fixed, Inner }) => `${Fixed} ${Inner.Fixed}`,
        // @ts-expect-error a live key
        live: ({ Live }) => String(Live),
        // @ts-expect-error a section that is live as a whole
        stamp: ({ Stamp }) => String(Stamp),
        // @ts-expect-error a live key in a section of the section
        inner: ({ Inner }) => String(Inner.Live),
      },
      live: { all: ({ Live, Inner }) => Live + Inner.Live },
    });
    expect(letter.read(letter.schema.parse({}), OUTSIDE).both).toBe('b b');
  });

  it('does not let an optional section have keys of another kind of reload', () => {
    const fixed = key('size', z.number(), { description: 'How large', reload: 'restart' });
    // @ts-expect-error the section is live as a whole
    expect(optionalSection('proof', 'live', { Size: fixed }).name).toBe('proof');
  });
});
