import { once } from 'node:events';
import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callKind, startLinked, type KindsClient, type LinkedService } from '../clients/linked-service.js';
import { ask, open, TOKEN } from './admin-port.js';

let service: LinkedService;
let untraced: LinkedService;
const exported: string[] = [];

beforeAll(async () => {
  const exporter = {
    export(
      spans: ReadonlyArray<{ spanContext(): { traceId: string } }>,
      done: (result: { code: number }) => void,
    ) {
      for (const span of spans) exported.push(span.spanContext().traceId);
      done({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const handlers = { unary: (request: unknown) => request };
  const config = { Admin: { Token: TOKEN }, Tracing: { SampleRatio: 0 } };
  service = await startLinked({ config, handlers, spanExporters: [exporter] });
  untraced = await startLinked({ config, handlers });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await untraced[Symbol.asyncDispose]();
});

const UNARY = '/kun.test.v1.Kinds/Unary';
const arm = (query: string, to = service) =>
  ask(to.adminUrl, `/debug/trace-next?${query}`, { method: 'POST', token: TOKEN });
const call = () => callKind(service.client<KindsClient>('kun.test.v1.Kinds'), 'unary');

describe('/debug/trace-next', () => {
  it('records the next calls of a method whatever the ratio, and says their traces', async () => {
    await call();
    const armed = await arm(`method=${UNARY}&n=2`);
    expect(armed.json()).toMatchObject({ pending: [{ method: UNARY, remaining: 2 }], recorded: [] });
    for (let calls = 0; calls < 4; calls++) await call();
    const { pending, recorded } = (await ask(service.adminUrl, '/debug/trace-next')).json<{
      pending: unknown[];
      recorded: Array<{ method: string; traceId: string; requestId: string }>;
    }>();
    expect(pending).toEqual([]);
    expect(recorded).toHaveLength(2);
    const lines = service.logs.finishedCalls.filter((line) => typeof line['trace_id'] === 'string');
    expect(recorded.map(({ traceId }) => traceId).toSorted()).toEqual(
      lines.map((line) => line['trace_id'] as string).toSorted(),
    );
    for (const { method, requestId } of recorded) {
      expect(method).toBe(UNARY);
      expect(lines.some((line) => line['request_id'] === requestId)).toBe(true);
    }
  });

  it('refuses what it cannot do, and says why', async () => {
    for (const query of ['n=0', 'n=1001', 'n=-1', 'n=1e3', 'n=', 'method=/nobody/X', 'method=constructor']) {
      expect([query, (await arm(query)).status]).toEqual([query, 400]);
    }
    const nowhere = await arm('n=1', untraced);
    expect(nowhere.status).toBe(409);
    expect(nowhere.json<{ message: string }>().message).toContain('Tracing.Otlp.Endpoint');
    expect((await ask(service.adminUrl, '/debug/trace-next', { method: 'POST' })).status).toBe(401);
  });
});

describe('/debug/profile and /debug/heap', () => {
  it('give what tools read, one at a time', async () => {
    const first = open(service.adminUrl, '/debug/profile?seconds=1', { token: TOKEN });
    const busy = ask(service.adminUrl, '/debug/heap', { token: TOKEN });
    const response = await first;
    expect((await busy).status).toBe(409);
    expect(response.headers['content-disposition']).toMatch(/^attachment; filename="[\w.-]+\.cpuprofile"$/);
    const text = (await response.toArray()).join('');
    expect(JSON.parse(text)).toMatchObject({
      nodes: expect.any(Array) as unknown[],
      timeDeltas: expect.any(Array) as unknown[],
    });
  });

  it('end with who asked for them', async () => {
    const { hostname, port } = new URL(service.adminUrl);
    const left = get({
      hostname,
      port,
      path: '/debug/profile?seconds=60',
      agent: false,
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    left.on('error', () => {});
    await service.logs.waitFor(({ msg }) => msg.includes('/debug/profile?seconds=60'));
    left.destroy();
    await new Promise((resolve) => left.once('close', resolve));
    let answer = await ask(service.adminUrl, '/debug/profile?seconds=1', { token: TOKEN });
    while (answer.status === 409)
      answer = await ask(service.adminUrl, '/debug/profile?seconds=1', { token: TOKEN });
    expect(answer.status).toBe(200);
  });

  it('want the token and a time that is one', async () => {
    for (const path of ['/debug/profile?seconds=1', '/debug/heap']) {
      expect([path, (await ask(service.adminUrl, path)).status]).toEqual([path, 401]);
      expect([path, (await ask(service.adminUrl, path, { method: 'HEAD', token: TOKEN })).status]).toEqual([
        path,
        405,
      ]);
    }
    for (const seconds of ['0', '61', '-1', 'x', '1.5', '']) {
      const answer = await ask(service.adminUrl, `/debug/profile?seconds=${seconds}`, { token: TOKEN });
      expect([seconds, answer.status]).toEqual([seconds, 400]);
    }
  });

  it('stream the heap', async () => {
    const response = await open(service.adminUrl, '/debug/heap', { token: TOKEN });
    expect(response.headers['content-disposition']).toContain('.heapsnapshot');
    const [chunk] = (await once(response, 'data')) as [Buffer];
    expect(String(chunk)).toContain('"snapshot"');
    response.destroy();
  }, 60_000);
});
