import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@grpc/grpc-js';
import type { ExportOutcome, SpanExporter } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { context, propagation, trace } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { kindsController } from './kinds-controller.js';

interface RecordedSpan {
  readonly name: string;
  readonly kind: number;
  readonly parentSpanContext?: { readonly spanId: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
  spanContext(): { readonly traceId: string; readonly spanId: string };
}

class Recorder implements SpanExporter {
  readonly spans: RecordedSpan[] = [];
  export(spans: readonly object[], report: (outcome: ExportOutcome) => void): void {
    this.spans.push(...(spans as RecordedSpan[]));
    report({ code: 0 });
  }
  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const traceparent = (sampled: boolean) => `00-${TRACE}-b7ad6b7169203331-0${sampled ? 1 : 0}`;

let upstream: Server;
let url: string;
let asked: IncomingHttpHeaders[] = [];
const instrumentation = new UndiciInstrumentation();
beforeAll(async () => {
  upstream = createServer((request, response) => {
    asked.push(request.headers);
    response.end('ok');
  });
  await once(upstream.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/stock`;
  instrumentation.enable();
});
afterAll(() => {
  instrumentation.disable();
  upstream.close();
});

let services: TestService[] = [];
let recorder: Recorder;
afterEach(async () => {
  await Promise.all(services.map((service) => service.close()));
  services = [];
  asked = [];
});

/** A service whose handler asks an HTTP service, and says what OpenTelemetry's API knows meanwhile. */
async function start(overrides: Readonly<Record<string, unknown>> = {}, env: Record<string, string> = {}) {
  recorder = new Recorder();
  const controller = kindsController({
    async unary() {
      await fetch(url);
      const active = trace.getActiveSpan()?.spanContext();
      const baggage = propagation.getActiveBaggage()?.getEntry('tenant')?.value;
      return { text: `${active?.traceId} ${active?.spanId} ${baggage}` };
    },
  });
  const service = await startTestService(kindsModule({ controllers: [controller] }), {
    spanExporters: [recorder],
    overrides,
    env,
  });
  services.push(service);
  return service;
}

async function callIt(service: TestService, metadata: Readonly<Record<string, string>> = {}) {
  const { messages } = await call(service.grpcClient<Client>(KINDS), 'Unary', { metadata });
  const [traceId, spanId, baggage] = String(messages[0]?.['text']).split(' ');
  return { traceId, spanId, baggage };
}

describe("OpenTelemetry's API in a handler", () => {
  it("has the call's span active, and instrumentations join its trace", async () => {
    const service = await start();
    const active = await callIt(service, {
      traceparent: traceparent(true),
      baggage: 'tenant=acme%20corp;p=1',
    });
    await service.close();
    const server = recorder.spans.find(({ kind }) => kind === 1)!;
    const http = recorder.spans.find(({ attributes }) => attributes['url.path'] === '/stock')!;
    expect(active).toEqual({
      traceId: TRACE,
      spanId: server.spanContext().spanId,
      baggage: 'acme',
    } satisfies Record<string, string>);
    expect(http.spanContext().traceId).toBe(TRACE);
    expect(http.parentSpanContext?.spanId).toBe(server.spanContext().spanId);
    expect(asked[0]).toMatchObject({
      traceparent: `00-${TRACE}-${http.spanContext().spanId}-01`,
      baggage: 'tenant=acme%20corp;p=1',
    });
  });

  it('records nothing for a call that is not recorded, and tells that to others', async () => {
    const service = await start();
    await callIt(service, { traceparent: traceparent(false), baggage: 'tenant=acme' });
    await service.close();
    expect(recorder.spans).toEqual([]);
    expect(asked[0]?.['traceparent']).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(asked[0]?.['baggage']).toBe('tenant=acme');
  });

  it('is left alone when the application says so, when somebody was first, and after the stop', async () => {
    const off = await start({ Tracing: { Global: false } });
    expect((await callIt(off)).traceId).toBe('undefined');
    const first = await start();
    const theirs = recorder;
    const second = await start();
    await callIt(first);
    await callIt(second);
    await first.close();
    expect(theirs.spans.map(({ kind }) => kind).toSorted((a, b) => a - b)).toEqual([1, 2, 2]);
    await second.close();
    expect(recorder.spans.map(({ kind }) => kind)).toEqual([1]);
    expect(trace.getTracer('x').startSpan('y').isRecording()).toBe(false);
    expect(context.active()).toBe(context.active());
    const again = await start();
    expect((await callIt(again)).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('does not trace what sends the spans', async () => {
    let posts = 0;
    const collector = createServer((request, response) => {
      posts++;
      request.resume().once('end', () => response.writeHead(202).end());
    });
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    const zipkin = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/api/v2/spans`;
    const service = await start(
      {},
      { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_ZIPKIN_ENDPOINT: zipkin },
    );
    await callIt(service);
    await service.close();
    collector.close();
    expect(posts).toBe(1);
    expect(recorder.spans).toHaveLength(2);
  });
});

describe('OTEL_* variables', () => {
  it('add to the resource, whose SDK names itself', async () => {
    const service = await start(
      {},
      { OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod,team=a%20b' },
    );
    await callIt(service);
    await service.close();
    expect(recorder.spans[0]?.resource.attributes).toMatchObject({
      'service.name': 'shop',
      'service.instance.id': expect.any(String) as unknown,
      'deployment.environment.name': 'prod',
      team: 'a b',
      'telemetry.sdk.language': 'nodejs',
    });
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, {}, 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, {}, 2],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, {}, 0],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, { Tracing: { SampleRatio: 1 } }, 2],
    [{ OTEL_SDK_DISABLED: 'true' }, {}, 0],
  ])('%j with %j: %i spans of a caller who asks', async (env, overrides, spans) => {
    const service = await start(overrides, env);
    await callIt(service, { traceparent: traceparent(true) });
    await service.close();
    expect(recorder.spans).toHaveLength(spans);
  });

  it('that cannot be followed are reported', async () => {
    const service = await start({}, { OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_PROPAGATORS: 'xray,b3' });
    await callIt(service);
    expect(asked[0]).not.toHaveProperty('traceparent');
    expect(asked[0]).toHaveProperty('b3');
    const told = service.logs.where(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(told).toEqual([
      expect.stringContaining('OTEL_TRACES_SAMPLER: "jaeger_remote"'),
      expect.stringContaining('OTEL_PROPAGATORS: "xray"'),
    ]);
  });
});
