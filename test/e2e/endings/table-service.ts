import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Module, type Type } from '@nestjs/common';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { KunModule, Meter, type StopReport } from '@kun/core';
import { startTestService, type LogRecorder } from '@kun/core/testing';
import { Caller, type Kind } from './caller.js';
import { MAX_MESSAGE_BYTES, type Case } from './cases.js';
import { Moments } from './moments.js';

const PACKAGE = 'kun.endings.v1';

/** A service that serves every case of the table, and all that it tells of its calls. */
export interface TableService {
  readonly logs: LogRecorder;
  /** Spans that have ended; complete after {@link stop}. */
  readonly spans: readonly ReadableSpan[];
  caller(service: string, kind: Kind, requestId: string): Caller;
  stop(): Promise<StopReport>;
  /** The text of `/metrics`, also after the stop. */
  metrics(): Promise<string>;
}

export async function startTableService(cases: readonly Case[]): Promise<TableService> {
  const base = await mkdtemp(join(tmpdir(), 'kun-endings-'));
  try {
    return await start(base, cases);
  } finally {
    await rm(base, { recursive: true });
  }
}

async function start(base: string, cases: readonly Case[]): Promise<TableService> {
  const moments = new Moments();
  const spans: ReadableSpan[] = [];
  const recorder: SpanExporter = {
    export(ended, report) {
      spans.push(...ended);
      report({ code: 0 });
    },
    shutdown: () => Promise.resolve(),
  };
  const served = cases.flatMap(({ service, controller }) => (controller ? [{ service, controller }] : []));
  await writeFile(join(base, 'served.proto'), protoOf(served.map(({ service }) => service)));
  await writeFile(join(base, 'all.proto'), protoOf(cases.map(({ service }) => service)));
  const definitions = loadSync(join(base, 'all.proto'), { keepCase: true });

  const controllers: Type[] = served.map(({ service, controller }) =>
    controller(service, moments.handlerHasRequest),
  );
  @Module({
    imports: [
      KunModule.forRoot({
        service: 'endings',
        base,
        proto: { package: PACKAGE, path: 'served.proto' },
        interceptors: [moments.interceptor],
      }),
    ],
    controllers,
  })
  class EndingsModule {}

  const service = await startTestService(EndingsModule, {
    env: { KUN_BASE: import.meta.dirname },
    spanExporters: [recorder],
    overrides: {
      GRPCServer: {
        MaxMsgSize: MAX_MESSAGE_BYTES,
        StreamGracePeriod: 0,
        GrpcGracefulStopTimeout: 0.2,
      },
    },
  });
  const port = service.app.ports.grpc ?? 0;
  const meter = service.app.get(Meter);
  return {
    logs: service.logs,
    spans,
    caller: (name, kind, requestId) =>
      new Caller(definitions[`${PACKAGE}.${name}`] as ServiceDefinition, kind, requestId, port, moments),
    stop: () => service.close(),
    metrics: async () => (await meter.expose()).body,
  };
}

function protoOf(services: readonly string[]): string {
  const methods = `
    rpc Unary(Note) returns (Note);
    rpc Watch(Note) returns (stream Note);
    rpc Collect(stream Note) returns (Note);
    rpc Chat(stream Note) returns (stream Note);`;
  return `syntax = "proto3"; package ${PACKAGE};
    message Note { string text = 1; uint32 n = 2; repeated string labels = 3; }
    ${services.map((name) => `service ${name} {${methods}\n}`).join('\n')}`;
}
