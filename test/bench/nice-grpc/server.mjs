// In JavaScript, since its packages are the bench's own: the root's type check must not need them.
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { loadSync } from '@grpc/proto-loader';
import { context as contexts, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import * as tracing from '@opentelemetry/sdk-trace';
import { createServer } from 'nice-grpc';
import { prometheusServerMiddleware, registry } from 'nice-grpc-prometheus';
import { pino } from 'pino';

// The bench tells where its own modules lie; they import nothing but Node.
const built = new URL('../../../.cache/bench/dist/', import.meta.url);
const { contend, versionsOf } = await import(new URL('contender-process.js', built));
const { LOADER_OPTIONS, PROTO_PATH, SERVICE } = await import(new URL('echo-proto.js', built));

const INSTANCE = 'bench';
const SAMPLED = 0.01;

/** nice-grpc with what its users add to see their calls: metrics, traces, and a line per call. */
contend(async ({ spanSink }) => {
  const provider = openTracing(spanSink);
  // It asks for its tracer when it is loaded, and would never hear of a provider that came later.
  const { openTelemetryServerMiddleware } = await import('nice-grpc-opentelemetry');
  // A few milliseconds of lines in one write, as kun does.
  const logger = pino(
    { base: { instance: INSTANCE } },
    pino.destination({ dest: 1, sync: false, minLength: 4096 }),
  );
  const server = createServer()
    .use(prometheusServerMiddleware())
    .use(openTelemetryServerMiddleware())
    .use(lines(logger));
  server.add(loadSync(PROTO_PATH, LOADER_OPTIONS)[SERVICE], {
    async Echo({ message }) {
      return { message, instance: INSTANCE };
    },
    async *Watch({ count }) {
      for (let seq = 1; seq <= count; seq++) yield { seq: String(seq), message: 'event' };
    },
    async Collect() {
      return { message: '', instance: INSTANCE };
    },
    async *Chat(requests) {
      for await (const { message } of requests) yield { message, instance: INSTANCE };
    },
  });
  const port = await server.listen('127.0.0.1:0');
  const admin = createHttpServer((_request, response) => {
    void registry.metrics().then((text) => response.end(text));
  });
  await new Promise((resolve) => admin.listen(0, '127.0.0.1', resolve));
  return {
    port,
    metricsUrl: `http://127.0.0.1:${admin.address().port}/metrics`,
    packages: versionsOf(import.meta.url, ['@grpc/grpc-js', 'nice-grpc']),
    async stop() {
      await server.shutdown();
      await provider.shutdown();
      await new Promise((resolve) => logger.flush(resolve));
      admin.closeAllConnections();
      admin.close();
    },
  };
});

function openTracing(url) {
  const provider = new tracing.TracerProvider({
    sampler: new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(SAMPLED) }),
    spanProcessors: [new tracing.BatchSpanProcessor({ exporter: new ZipkinExporter({ url }) })],
  });
  trace.setGlobalTracerProvider(provider);
  contexts.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return provider;
}

function lines(logger) {
  return async function* (call, context) {
    const { metadata, peer } = context;
    const startedAt = performance.now();
    const requestId = metadata.get('x-request-id') ?? randomUUID();
    let code = 'OK';
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      code = error.code ?? 'UNKNOWN';
      throw error;
    } finally {
      logger.info(
        {
          request_id: requestId,
          'grpc.method': call.method.path,
          'grpc.code': code,
          'grpc.time_ms': performance.now() - startedAt,
          'peer.address': peer,
        },
        'finished call',
      );
    }
  };
}
