import { status } from '@grpc/grpc-js';
import { currentCall, StatusError } from '@kun/core';
import { deferred } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLinked, type KindsClient, type LinkedService } from '../clients/linked-service.js';
import { TOKEN } from './admin-port.js';
import { ERAS, mcpClient } from './mcp-client.js';

const READING = [
  'get_status',
  'get_configuration',
  'search_log',
  'list_recorded_traces',
  'list_calls_in_flight',
  'get_method_statistics',
  'search_errors',
  'list_channels',
  'list_methods',
];
const CHANGING = ['call_method', 'set_log_level', 'reset_log_level', 'trace_next_calls', 'profile_cpu'];
const UNARY = '/kun.test.v1.Kinds/Unary';

let service: LinkedService;
const [entered, release] = [deferred(), deferred()];
const [hanging, cancelled] = [deferred(), deferred()];

beforeAll(async () => {
  service = await startLinked({
    config: { Admin: { MCP: true, Token: TOKEN } },
    handlers: {
      async unary(request) {
        if (request.text === 'fail')
          throw new Error('no such table', { cause: new Error('the disk is full') });
        if (request.text === 'wait') {
          entered.resolve();
          await release.promise;
        }
        if (request.text === 'hang')
          await new Promise((_resolve, reject) => {
            currentCall()?.signal.addEventListener('abort', () => {
              cancelled.resolve();
              reject(new StatusError(status.CANCELLED, 'gone'));
            });
            hanging.resolve();
          });
        return request;
      },
      async *watch({ text, n }) {
        for (let i = 0; i < n; i++) yield { text, n: i };
        await Promise.resolve();
      },
    },
  });
});
afterAll(() => service[Symbol.asyncDispose]());

describe.each(ERAS)('a client of the official SDK, of revisions %s', (era) => {
  it('lists the tools that read, each with what a model needs to use it', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era });
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(READING);
    for (const tool of tools) {
      expect(tool).toMatchObject({
        title: expect.any(String) as string,
        description: expect.stringMatching(/^.{40,400}$/) as string,
        annotations: { readOnlyHint: true },
        inputSchema: { type: 'object', additionalProperties: false },
      });
    }
    expect(mcp.client.getServerVersion()?.name).toBe('kinds');
    expect(mcp.client.getInstructions()).toContain('Not offered without the admin token: call_method, ');
  });

  it('lists those that change something with the token', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era, token: TOKEN });
    const { tools } = await mcp.client.listTools();
    expect(tools.map(({ name }) => name).toSorted()).toEqual([...READING, ...CHANGING].toSorted());
    expect(tools.find(({ name }) => name === 'call_method')?.annotations).toMatchObject({
      readOnlyHint: false,
      destructiveHint: true,
    });
  });

  it('is told what to do when it calls one without the token', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era });
    expect(await mcp.call('set_log_level', { level: 'debug' })).toMatchObject({
      isError: true,
      content: [
        {
          text: expect.stringMatching(
            /^set_log_level wants the admin token: .*Admin\.Token.*"Bearer <token>"$/,
          ) as string,
        },
      ],
    });
    expect((await mcp.answer<{ logLevel: object }>('get_status')).logLevel).toEqual({
      level: 'info',
      configured: 'info',
    });
  });

  it('follows a failed call from the error to its log lines', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era });
    const failed = service
      .client<KindsClient>('kun.test.v1.Kinds')
      .unary({ text: 'fail' }, { metadata: { 'x-request-id': `night-${era}` } });
    await expect(failed).rejects.toThrow('Internal server error');
    const { errors } = await mcp.answer<{ errors: Array<Record<string, unknown>> }>('search_errors', {
      method: 'Unary',
      severity: 'fault',
      limit: 1,
    });
    expect(errors).toEqual([
      expect.objectContaining({ codeName: 'INTERNAL', requestId: `night-${era}`, method: UNARY }),
    ]);
    const { lines } = await mcp.answer<{ lines: unknown[] }>('search_log', { requestId: `night-${era}` });
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'finished call',
        err: expect.objectContaining({ message: 'no such table' }) as object,
      }),
    ]);
  });

  it('sees the configuration with its origins, channels, statistics and state', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era });
    const { values } = await mcp.answer<{ values: unknown[] }>('get_configuration', {
      key: 'Admin',
      setOnly: true,
    });
    expect(values).toEqual([
      expect.objectContaining({ key: 'Admin.Token', value: '[secret]', layer: 'Overrides' }),
      expect.objectContaining({ key: 'Admin.MCP', value: 'true', description: expect.any(String) as string }),
    ]);
    expect(await mcp.answer('list_channels')).toEqual({ at: expect.any(Number) as number, channels: [] });
    expect(await mcp.answer('get_status')).toMatchObject({
      ready: true,
      admin: { mcp: true, token: true },
      identity: { service: 'kinds' },
    });
    expect(await mcp.answer('get_method_statistics')).toMatchObject({
      methods: expect.any(Array) as unknown[],
    });
    expect(await mcp.answer('list_recorded_traces')).toEqual({ pending: [], recorded: [] });
  });

  it('calls a method using only its description', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era, token: TOKEN });
    const { methods } = await mcp.answer<{ methods: unknown[] }>('list_methods');
    expect(methods).toContainEqual({
      method: UNARY,
      kind: 'unary',
      request: 'kun.test.v1.Note',
      response: 'kun.test.v1.Note',
    });
    expect(await mcp.answer('list_methods', { method: 'Unary' })).toMatchObject({
      methods: [{ method: UNARY, example: { text: '', n: 0 } }],
      types: {
        'kun.test.v1.Note': {
          fields: [
            { name: 'text', type: 'string' },
            { name: 'n', type: 'uint32' },
          ],
        },
      },
    });
    const called = await mcp.answer('call_method', { method: UNARY, messages: [{ text: 'a', n: 3 }] });
    expect(called).toMatchObject({ codeName: 'OK', kind: 'unary', messages: [{ text: 'a', n: 3 }] });
    // A call that fails is an answer, too.
    expect(await mcp.answer('call_method', { method: UNARY, messages: [{ text: 'fail' }] })).toMatchObject({
      codeName: 'INTERNAL',
      message: 'Internal server error',
      messages: [],
    });
    await service.logs.waitFor(({ msg }) => msg.endsWith('used the admin token: call_method of /mcp'));
  });

  it('is told in words what of its arguments cannot be used', async () => {
    await using mcp = await mcpClient(service.adminUrl, { era, token: TOKEN });
    const problem = async (name: string, args: Record<string, unknown>) => {
      const { isError, content } = await mcp.call(name, args);
      return isError && content[0]?.type === 'text' ? content[0].text : 'none';
    };
    expect(await problem('set_log_level', { level: 'loud' })).toContain('expected one of "trace"');
    expect(await problem('search_log', { request: 'a' })).toContain('"request"');
    expect(await problem('call_method', { method: '/a.B/C' })).toMatch(/^there is no method \/a\.B\/C/);
    expect(await problem('call_method', { method: UNARY, messages: [{ txt: 'a' }] })).toMatch(
      /^the message is no kun\.test\.v1\.Note: .*txt/,
    );
    expect(await problem('call_method', { method: UNARY, metadata: { 'grpc-timeout': '1S' } })).toContain(
      "gRPC's own",
    );
    expect(await problem('trace_next_calls', {})).toContain('Tracing.Otlp.Endpoint');
  });
});

describe('tools', () => {
  it('show a call in flight until it is over', async () => {
    await using mcp = await mcpClient(service.adminUrl);
    const pending = service
      .client<KindsClient>('kun.test.v1.Kinds')
      .unary({ text: 'wait' }, { timeoutMs: 60_000 });
    await entered.promise;
    const inFlight = () => mcp.answer('list_calls_in_flight', { method: 'Unary', side: 'server' });
    expect(await inFlight()).toMatchObject({
      server: 1,
      matching: 1,
      calls: [{ method: UNARY, state: 'open' }],
    });
    expect(await mcp.answer('list_calls_in_flight', { minAgeMs: 3_600_000 })).toMatchObject({
      server: 1,
      matching: 0,
    });
    release.resolve();
    await pending;
    expect(await inFlight()).toMatchObject({ matching: 0, calls: [] });
  });

  it('set the log level for a time and take it back', async () => {
    await using mcp = await mcpClient(service.adminUrl, { token: TOKEN });
    expect(await mcp.answer('set_log_level', { level: 'debug', forSeconds: 60 })).toMatchObject({
      level: 'debug',
      configured: 'info',
      revertsAt: expect.any(Number) as number,
    });
    expect(await mcp.answer('reset_log_level')).toEqual({ level: 'info', configured: 'info' });
  });

  it('say where the CPU went, one profile at a time', async () => {
    await using mcp = await mcpClient(service.adminUrl, { token: TOKEN });
    const [first, second] = await Promise.all([
      mcp.answer('profile_cpu', { seconds: 1 }),
      mcp.call('profile_cpu', { seconds: 1 }),
    ]);
    expect(first).toMatchObject({
      seconds: expect.any(Number) as number,
      busyPercent: expect.any(Number) as number,
      functions: expect.any(Array) as unknown[],
    });
    expect(second).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('is being taken') as string }],
    });
  });

  it('take as much of a stream as is wanted, and say that there was more', async () => {
    await using mcp = await mcpClient(service.adminUrl, { token: TOKEN });
    const watch = {
      method: '/kun.test.v1.Kinds/Watch',
      messages: [{ text: 'x', n: 100_000 }],
      maxMessages: 3,
    };
    expect(await mcp.answer('call_method', watch)).toMatchObject({
      codeName: 'CANCELLED',
      messages: [{ n: 0 }, { n: 1 }, { n: 2 }],
      cancelled: true,
    });
    const large = { ...watch, messages: [{ text: 'x'.repeat(30_000), n: 3 }], maxMessages: 10 };
    expect(await mcp.answer('call_method', large)).toMatchObject({
      codeName: 'OK',
      messages: [{ n: 0 }],
      messagesLeftOut: 2,
    });
  });

  it('answer no more than a model takes, and say how to ask for less', async () => {
    await using mcp = await mcpClient(service.adminUrl);
    const client = service.client<KindsClient>('kun.test.v1.Kinds');
    const fails = Array.from({ length: 60 }, (_, index) =>
      client.unary({ text: 'fail' }, { metadata: { 'x-request-id': `many-${index}` } }).catch(() => {}),
    );
    await Promise.all(fails);
    const found = await mcp.answer<{
      lines: Array<{ seq: number }>;
      leftOut: { lines: number; why: string };
    }>('search_log', { level: 'error', limit: 200 });
    expect(JSON.stringify(found).length).toBeLessThanOrEqual(48 * 1024);
    expect(found.leftOut.lines).toBeGreaterThan(0);
    expect(found.leftOut.why).toContain('ask for less: by limit, level or text');
    const older = await mcp.answer<{ lines: Array<{ seq: number }> }>('search_log', {
      level: 'error',
      limit: 1,
      before: found.lines.at(-1)?.seq,
    });
    expect(older.lines[0]?.seq).toBeLessThan(found.lines.at(-1)?.seq ?? 0);
  });

  it('cancel a call whose client leaves', async () => {
    await using mcp = await mcpClient(service.adminUrl, { token: TOKEN });
    const leaving = new AbortController();
    const call = mcp.client.callTool(
      { name: 'call_method', arguments: { method: UNARY, messages: [{ text: 'hang' }], timeoutMs: 60_000 } },
      { signal: leaving.signal },
    );
    await hanging.promise;
    leaving.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await mcp.client.close();
    await cancelled.promise;
  });
});
