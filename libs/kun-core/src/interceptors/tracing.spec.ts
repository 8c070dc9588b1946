import { status } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { compose } from '../rpc/interceptor.js';
import { describeMethod, UNKNOWN_METHOD } from '../rpc/rpc-method.js';
import { codeName, STATUS_CODES } from '../status/code.js';
import { toStatusError } from '../status/thrown/to-status-error.js';
import { FakeCall, type FakeCallOptions } from '../testing/fake-call.js';
import { CallTracer } from '../traces/call-tracer.js';
import { activeContext, CallContextManager, recordedSpan } from '../traces/trace-context.js';
import { RatioSampler } from '../traces/trace-sampling.js';
import { contextInterceptor } from './context.js';
import { tracingInterceptor, type TracingInterceptorOptions } from './tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function setUp(options: TracingInterceptorOptions & { ratio?: number } = {}) {
  const recorder = new InMemorySpanExporter();
  const sampler = new RatioSampler(options.ratio ?? 1);
  const provider = new TracerProvider({
    sampler,
    spanProcessors: [new SimpleSpanProcessor({ exporter: recorder })],
  });
  const tracer = provider.getTracer('test');
  const interceptor = tracingInterceptor({ tracer, sampler }, options);
  const start = (fake: FakeCallOptions = {}, handle?: (call: FakeCall) => void) => {
    const call = new FakeCall({ ...(options.side && { side: options.side }), ...fake });
    // A client's calls are made within the call they are made for.
    const chain = options.side === 'client' ? [interceptor] : [contextInterceptor(), interceptor];
    void compose(chain, () => {
      handle?.(call);
      return call.ended;
    })(call);
    return call;
  };
  return { start, tracer, spans: () => recorder.getFinishedSpans() };
}

describe('tracing on the server', () => {
  it('makes one span of a call, by the conventions for RPC', () => {
    const { start, spans } = setUp();
    const call = start({ requestId: 'r-1' });
    call.tags.set('account', 'a-17');
    call.finish();
    call.finish({ code: status.INTERNAL });
    expect(spans()).toHaveLength(1);
    expect(spans()[0]).toMatchObject({
      name: 'test.v1.TestService/Get',
      kind: SpanKind.SERVER,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'rpc.system.name': 'grpc',
        'rpc.method': 'test.v1.TestService/Get',
        'rpc.status_code': 'OK',
        'client.address': '192.0.2.1',
        'network.peer.port': 40000,
        request_id: 'r-1',
        'tags.account': 'a-17',
      },
    });
    expect(call.get(recordedSpan)?.spanId).toBe(spans()[0]?.spanContext().spanId);
  });

  it.each<[string, Record<string, string>]>([
    ['W3C', { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ['B3', { b3: `${TRACE}-${SPAN}-1` }],
    ['B3 in many headers', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }],
  ])("descends from the caller's span told by %s", (_name, metadata) => {
    const { start, spans } = setUp({ ratio: 0 });
    start({ metadata }).finish();
    expect(spans()).toMatchObject([{ parentSpanContext: { traceId: TRACE, spanId: SPAN, isRemote: true } }]);
    expect(spans()[0]?.spanContext().traceId).toBe(TRACE);
  });

  it('says of each code whether the server failed', () => {
    const { start, spans } = setUp();
    for (const code of STATUS_CODES) start().finish({ code });
    const failed = spans().filter((span) => span.status.code === SpanStatusCode.ERROR);
    expect(failed.map((span) => span.attributes['error.type'])).toEqual([
      'UNKNOWN',
      'DEADLINE_EXCEEDED',
      'UNIMPLEMENTED',
      'INTERNAL',
      'UNAVAILABLE',
      'DATA_LOSS',
    ]);
    expect(spans().map((span) => span.attributes['rpc.status_code'])).toEqual(STATUS_CODES.map(codeName));
  });

  it('shows what was thrown, hidden from the caller', () => {
    const { start, spans } = setUp();
    const error = toStatusError(new TypeError('secret'));
    start().finish({ code: error.code, message: error.message, error });
    expect(spans()[0]).toMatchObject({
      status: { message: 'Internal server error' },
      events: [
        { name: 'exception', attributes: { 'exception.type': 'TypeError', 'exception.message': 'secret' } },
      ],
    });
  });

  it('has an event for each message, unless switched off', () => {
    const method = describeMethod('/test.v1.S/Chat', { requestStream: true, responseStream: true });
    for (const messageEvents of [true, false]) {
      const { start, spans } = setUp({ messageEvents });
      const call = start({ method });
      call.receive({});
      call.send({});
      call.send({});
      call.finish();
      expect(spans()[0]?.events.map((event) => Object.values(event.attributes ?? {}).join(' '))).toEqual(
        messageEvents ? ['RECEIVED 1', 'SENT 1', 'SENT 2'] : [],
      );
    }
  });

  it('names methods that no service has all the same', () => {
    const { start, spans } = setUp();
    start({ method: UNKNOWN_METHOD }).finish({ code: status.UNIMPLEMENTED });
    expect(spans()[0]).toMatchObject({ name: 'grpc', attributes: { 'rpc.method': '_OTHER' } });
  });

  it("is what the handler's own spans and calls descend from, across await", async () => {
    const { start, spans, tracer } = setUp();
    const users = new CallTracer(tracer);
    let done = () => {};
    const handled = new Promise<void>((resolve) => (done = resolve));
    const call = start({}, () => {
      void (async () => {
        await Promise.resolve();
        users.startActiveSpan('outer', (outer) => {
          users.startSpan('inner').end();
          outer.end();
        });
        users.startSpan('sibling').end();
        done();
      })();
    });
    await handled;
    call.finish();
    const named = (name: string) => spans().find((span) => span.name === name);
    const server = named('test.v1.TestService/Get')?.spanContext().spanId;
    expect(named('outer')?.parentSpanContext?.spanId).toBe(server);
    expect(named('inner')?.parentSpanContext?.spanId).toBe(named('outer')?.spanContext().spanId);
    expect(named('sibling')?.parentSpanContext?.spanId).toBe(server);
  });

  it('records nothing of a call that is not sampled, neither here nor by its handler', () => {
    const { start, spans, tracer } = setUp({ ratio: 0 });
    const quiet: Array<Record<string, string>> = [{}, { traceparent: `00-${TRACE}-${SPAN}-00` }, { b3: '0' }];
    for (const metadata of quiet) {
      const call = start({ metadata }, () => new CallTracer(tracer).startSpan('work').end());
      call.finish();
      expect(call.get(recordedSpan)).toBeUndefined();
    }
    expect(spans()).toEqual([]);
  });

  it('can be made known to the API of OpenTelemetry', () => {
    const manager = new CallContextManager().enable();
    const { start } = setUp();
    start({}, () => {
      const context = activeContext();
      expect(manager.active()).toBe(context);
      expect(manager.with(context, () => manager.active())).toBe(context);
      const other = context.setValue(Symbol('x'), 1);
      expect(manager.with(other, (n: number) => [manager.active(), n], undefined, 7)).toEqual([other, 7]);
      expect(manager.bind(other, () => manager.active())()).toBe(other);
      expect(manager.active()).toBe(context);
    });
  });
});

describe('tracing on the client', () => {
  const outgoing = (server: ReturnType<typeof setUp>, client: ReturnType<typeof setUp>, metadata = {}) => {
    let call: FakeCall | undefined;
    const incoming = server.start({ metadata }, () => (call = client.start()));
    call?.finish({ code: status.NOT_FOUND });
    incoming.finish();
    return call?.metadata.getMap() ?? {};
  };

  it('tells the server of a span that descends from the call it is made for', () => {
    const [server, client] = [setUp(), setUp({ side: 'client' })];
    const headers = outgoing(server, client, { traceparent: `00-${TRACE}-${SPAN}-01` });
    const [own, its] = [client.spans()[0], server.spans()[0]];
    expect(own).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.ERROR } });
    expect(own?.parentSpanContext?.spanId).toBe(its?.spanContext().spanId);
    const { spanId } = own?.spanContext() ?? { spanId: 'none' };
    expect(headers).toEqual({ traceparent: `00-${TRACE}-${spanId}-01`, b3: `${TRACE}-${spanId}-1` });
  });

  it('tells the server not to record what is not recorded here', () => {
    const [server, client] = [setUp({ ratio: 0 }), setUp({ side: 'client' })];
    expect(outgoing(server, client)['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(outgoing(server, client, { b3: `${TRACE}-${SPAN}-0` })['b3']).toBe(`${TRACE}-${SPAN}-0`);
    expect(client.spans()).toEqual([]);
  });

  it('begins a trace outside of any call', () => {
    const client = setUp({ side: 'client', propagation: { formats: ['b3multi'], baggage: false } });
    const call = client.start();
    call.finish();
    expect(call.metadata.getMap()).toMatchObject({ 'x-b3-sampled': '1' });
    expect(client.spans()).toHaveLength(1);
  });
});
