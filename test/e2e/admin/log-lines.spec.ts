import { currentCall } from '@kun/core';
import { describe, expect, it } from 'vitest';
import { startLinked, type KindsClient } from '../clients/linked-service.js';
import { ask } from './admin-port.js';

interface Log {
  readonly lines: ReadonlyArray<Record<string, unknown>>;
  readonly before?: number;
  readonly kept: number;
}

describe('/logz', () => {
  it('finds the lines of a call by its request id, without what is secret', async () => {
    await using service = await startLinked({
      handlers: {
        unary: async () => {
          const sent = currentCall()?.metadata.get('authorization').join() ?? '';
          throw new Error(`login refused; sent ${sent}`);
        },
      },
      config: { Admin: { LogLines: 50 } },
    });
    const client = service.client<KindsClient>('kun.test.v1.Kinds');
    const metadata = { 'x-request-id': 'night-7', authorization: 'Bearer pl4ntedBearer' };
    await expect(client.unary({}, { metadata })).rejects.toThrow('Internal server error');

    const asked = await ask(service.adminUrl, '/logz?request_id=night-7&level=warn');
    expect(asked.json<Log>().lines).toEqual([
      expect.objectContaining({
        level: 'error',
        msg: 'finished call',
        request_id: 'night-7',
        err: expect.objectContaining({ message: 'login refused; sent Bearer [secret]' }) as object,
      }),
    ]);
    expect(asked.text).not.toContain('pl4nted');
    // Who says it is known.
    expect(asked.json<Log>().lines[0]).not.toHaveProperty('cluster');
    // What goes out is the service's own, as it always was.
    expect(JSON.stringify(service.logs.lines)).toContain('pl4ntedBearer');

    const { lines, before, kept } = (await ask(service.adminUrl, '/logz?limit=1')).json<Log>();
    expect(kept).toBeGreaterThan(1);
    expect(before).toBe(lines[0]?.['seq']);
    const older = (await ask(service.adminUrl, `/logz?limit=1&before=${before}`)).json<Log>();
    expect(older.lines[0]?.['seq']).toBe(Number(before) - 1);
  });

  it('says what it is asked by, and with what', async () => {
    await using service = await startLinked({ handlers: {}, config: { Admin: { LogLines: 5 } } });
    for (const [query, problem] of [
      [
        'txt=a',
        'there is no parameter txt; did you mean text? /logz takes text, request_id, level, since, before, limit',
      ],
      ['level=loud', 'level is one of trace, debug, info, warn, error, fatal'],
      ['since=yesterday', 'since is a number of seconds'],
    ] as const) {
      const answer = await ask(service.adminUrl, `/logz?${query}`);
      expect([answer.status, answer.json()]).toEqual([400, { error: 'Bad Request', message: problem }]);
    }
    const text = (await ask(service.adminUrl, '/logz?since=999999999999&limit=0')).json<Log>();
    expect(text.lines).toEqual([]);
    expect(text.kept).toBeLessThanOrEqual(5);
  });

  it('is not there while no lines are kept', async () => {
    await using service = await startLinked({ handlers: {} });
    expect((await ask(service.adminUrl, '/logz')).status).toBe(404);
  });
});
