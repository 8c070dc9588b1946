import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import * as grpc from '@grpc/grpc-js';
import { context, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../identity/identity.js';
import { MissingPackageError, importOptionalPackage } from '../optional-package.js';
import { runInCall } from '../rpc/current-call.js';
import { FakeCall } from '../testing/fake-call.js';
import { openTracing, type TracingOptions } from './tracing.js';

const identity = new Identity({
  domain: '',
  namespace: 'prod',
  cluster: 'a',
  service: 'echo',
  instance: 'echo-1',
  version: '1',
});

const closing: Array<() => void> = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An HTTP collector that keeps what it is posted. */
async function collector(
  status = 200,
): Promise<{ url: string; bodies: Array<{ path: string; body: unknown }>; server: Server }> {
  const bodies: Array<{ path: string; body: unknown }> = [];
  const server = createServer((request, response) => {
    const keep = async () => {
      bodies.push({ path: request.url ?? '', body: JSON.parse(await text(request)) });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    };
    void keep();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closing.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, server };
}

async function open(options: Partial<TracingOptions>) {
  const warnings: unknown[] = [];
  const logger = { warn: (...line: unknown[]) => warnings.push(line), info: () => {} };
  const tracing = await openTracing({ identity, logger, ...options });
  return { tracing, warnings };
}

describe('openTracing', () => {
  it('sends spans to Zipkin, with the name of the service', async () => {
    const { url, bodies } = await collector(202);
    const { tracing } = await open({ zipkin: [`${url}/api/v2/spans`] });
    tracing.tracer.startSpan('work').end();
    expect(await tracing.shutdown(5000)).toBe(true);
    expect(bodies).toMatchObject([
      { path: '/api/v2/spans', body: [{ name: 'work', localEndpoint: { serviceName: 'echo' } }] },
    ]);
  });

  it('sends spans by OTLP over HTTP, with the identity as resource', async () => {
    const { url, bodies } = await collector();
    const { tracing } = await open({ otlp: { endpoint: url, protocol: 'http' } });
    tracing.tracer.startSpan('work').end();
    expect(await tracing.shutdown(5000)).toBe(true);
    expect(bodies[0]?.path).toBe('/v1/traces');
    const body = JSON.stringify(bodies[0]?.body);
    expect(body).toContain('"name":"work"');
    expect(body).toContain('{"key":"service.instance.id","value":{"stringValue":"echo-1"}}');
  });

  it('sends spans by OTLP over gRPC', async () => {
    const requests: Buffer[] = [];
    const server = new grpc.Server();
    const whole = (bytes: Buffer) => bytes;
    server.addService(
      {
        Export: {
          path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
          requestStream: false,
          responseStream: false,
          requestSerialize: whole,
          requestDeserialize: whole,
          responseSerialize: whole,
          responseDeserialize: whole,
        },
      },
      {
        Export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
          requests.push(call.request);
          answer(null, Buffer.alloc(0));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    closing.push(() => server.forceShutdown());
    const { tracing } = await open({ otlp: { endpoint: `http://127.0.0.1:${port}`, protocol: 'grpc' } });
    tracing.tracer.startSpan('work').end();
    expect(await tracing.shutdown(5000)).toBe(true);
    expect(requests.map((request) => request.includes('work'))).toEqual([true]);
  });

  it('warns once of a collector that is down, and never rejects', async () => {
    const { url, server } = await collector();
    server.close();
    await once(server, 'close');
    const { tracing, warnings } = await open({ zipkin: [url], batchDelayMs: 1 });
    for (let i = 0; i < 1500; i++) tracing.tracer.startSpan('work').end();
    expect(await tracing.shutdown(5000)).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(tracing.lostSpans).toBe(1500);
  });

  it('gives up a collector that never answers when the time is over', async () => {
    const server = createServer(() => {});
    await once(server.listen(0, '127.0.0.1'), 'listening');
    closing.push(() => server.close().closeAllConnections());
    const { tracing } = await open({
      zipkin: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    });
    tracing.tracer.startSpan('work').end();
    expect(await tracing.shutdown(20)).toBe(false);
    expect(tracing.lostSpans).toBe(1);
  });

  it.each(['zipkin', 'http', 'grpc'] as const)(
    '%s: cuts what a collector never answers, counts its spans, and goes on when it answers again',
    async (kind) => {
      let answering = false;
      const sockets = new Set<Socket>();
      const hanging = createTcpServer((socket) => {
        // An answer of HTTP/1.1; gRPC takes it for a failure.
        socket
          .on('error', () => undefined)
          .on('data', () => {
            if (answering) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
          });
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      await once(hanging.listen(0, '127.0.0.1'), 'listening');
      closing.push(() => hanging.close());
      const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
      const { tracing, warnings } = await open({
        ...(kind === 'zipkin' ? { zipkin: [url] } : { otlp: { endpoint: url, protocol: kind } }),
        batchDelayMs: 1,
        exportTimeoutMs: 50,
      });
      tracing.tracer.startSpan('lost').end();
      await vi.waitFor(() => expect(tracing.lostSpans).toBe(1), { timeout: 10_000 });
      expect(warnings).toHaveLength(1);
      if (kind !== 'grpc') {
        await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: 10_000 });
        answering = true;
        tracing.tracer.startSpan('taken').end();
        expect(await tracing.shutdown(5000)).toBe(true);
        expect(tracing.lostSpans).toBe(1);
      }
      await tracing.shutdown(20);
      for (const socket of sockets) socket.destroy();
    },
    20_000,
  );

  it("gives users spans that descend from the call's, and registers nothing with the process", async () => {
    const { InMemorySpanExporter } = await import('@opentelemetry/sdk-trace');
    const recorder = new InMemorySpanExporter();
    recorder.shutdown = () => Promise.resolve();
    const { tracing } = await open({ exporters: [recorder], sampleRatio: 0 });
    const tracer = tracing.provider.getTracer('users');
    tracer.startSpan('outside').end();
    runInCall(new FakeCall(), () =>
      tracer.startActiveSpan('in a call that is not recorded', (span) => span.end()),
    );
    await tracing.shutdown(5000);
    expect(recorder.getFinishedSpans()).toEqual([]);
    expect(trace.getTracer('x').startSpan('y').isRecording()).toBe(false);
    expect(context.active()).toBe(context.active());
  });
});

describe('importOptionalPackage', () => {
  it('names the packages to install', async () => {
    const specifier = '@kun/no-such-package';
    const load = importOptionalPackage(() => import(specifier), ['a', 'b'], 'Zipkin.Hosts');
    await expect(load).rejects.toThrow(MissingPackageError);
    await expect(load).rejects.toThrow(
      'Zipkin.Hosts needs the packages a, b, which are not installed; run "npm install a b" or change the setting',
    );
  });

  it('passes other failures on', async () => {
    const broken = new Error('broken');
    await expect(importOptionalPackage(() => Promise.reject(broken), ['a'], 'X')).rejects.toBe(broken);
  });
});
