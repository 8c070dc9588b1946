import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { requireDebianPackages } from './debian-packages.js';
import { GoProgram } from './go-program.js';
import { requireNpmPackages } from './npm-packages.js';
import { PeerProcess } from './peer-process.js';

const run = promisify(execFile);

/** A span as a collector understood it, in the terms of neither. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: string;
  readonly failed: boolean;
  readonly service: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
}

/** A program that takes spans. */
export interface SpanCollector {
  /** The configuration that sends spans there. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settles when so many spans have come. */
  spans(count: number): Promise<CollectedSpan[]>;
  stop(): Promise<void>;
}

/** Takes Zipkin's JSON, version 2, by OpenZipkin's own model for Go. */
export async function startZipkin(): Promise<SpanCollector> {
  await requireDebianPackages('golang-go', 'golang-github-openzipkin-zipkin-go-dev');
  const program = await GoProgram.build('zipkin');
  const peer = await PeerProcess.start(program.path, []);
  return {
    settings: { Zipkin: { Hosts: [peer.firstLine] } },
    spans: async (count) => (await peer.printed<ZipkinSpan>(count)).map(fromZipkin),
    async stop() {
      await peer.stop();
      await program[Symbol.asyncDispose]();
    },
  };
}

/** A point of a histogram as a collector understood it. */
export interface CollectedPoint {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly scope: string;
  readonly metric: string;
  readonly unit: string;
  readonly temporality: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
}

/** A program that takes spans and histograms. */
export interface OtlpCollector extends SpanCollector {
  /** The configuration that sends metrics there. */
  readonly metricSettings: { readonly Endpoint: string; readonly Protocol: 'grpc' | 'http' };
  /** Settles when so many points have come. */
  points(count: number): Promise<CollectedPoint[]>;
}

/** Takes OTLP by its official .proto files, with gRPC's C core: over gRPC, and over HTTP as JSON. */
export async function startOtlp(protocol: 'grpc' | 'http'): Promise<OtlpCollector> {
  await requireDebianPackages('python3-grpcio', 'python3-grpc-tools', 'python3-protobuf');
  const modules = await requireNpmPackages(join(import.meta.dirname, 'otlp-protos'), 'otlp-protos');
  const protos = join(modules, '@opentelemetry/otlp-grpc-exporter-base/build/protos');
  const folder = await mkdtemp(join(tmpdir(), 'kun-otlp-'));
  const descriptors = join(folder, 'descriptors.bin');
  const services = ['trace/v1/trace_service.proto', 'metrics/v1/metrics_service.proto'].map(
    (file) => `opentelemetry/proto/collector/${file}`,
  );
  await withoutOptional(protos, folder, 'opentelemetry/proto/metrics/v1/metrics.proto');
  const protoc = ['-m', 'grpc_tools.protoc', `-I${folder}`, `-I${protos}`];
  await run(PYTHON, [...protoc, `--descriptor_set_out=${descriptors}`, '--include_imports', ...services]);
  const program = join(import.meta.dirname, 'python/otlp_collector.py');
  const peer = await PeerProcess.start(PYTHON, [program, descriptors], {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
  });
  const [overGrpc = '', overHttp = ''] = peer.firstLine.split(' ');
  const Endpoint = protocol === 'grpc' ? overGrpc : overHttp;
  return {
    settings: { Tracing: { Otlp: { Endpoint, Protocol: protocol } } },
    metricSettings: { Endpoint, Protocol: protocol },
    points: (count) => peer.printed<CollectedPoint>(count),
    spans: async (count) => (await peer.printed<OtlpSpan>(count)).map(fromOtlp),
    async stop() {
      await peer.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Debian's protoc is older than `optional` in proto3, which changes nothing on the wire. */
async function withoutOptional(from: string, to: string, path: string): Promise<void> {
  const text = await readFile(join(from, path), 'utf8');
  await mkdir(dirname(join(to, path)), { recursive: true });
  await writeFile(join(to, path), text.replaceAll(/^(\s+)optional /gm, '$1'));
}

const PYTHON = '/usr/bin/python3';

interface ZipkinSpan extends Pick<CollectedSpan, 'traceId' | 'id' | 'parentId' | 'name' | 'kind'> {
  readonly localEndpoint: { readonly serviceName: string };
  readonly annotations?: ReadonlyArray<{ readonly value: string }>;
  readonly tags: Readonly<Record<string, string>>;
}

function fromZipkin({ localEndpoint, annotations = [], tags, ...span }: ZipkinSpan): CollectedSpan {
  return {
    ...span,
    parentId: span.parentId ?? '',
    failed: tags['otel.status_code'] === 'ERROR',
    service: localEndpoint.serviceName,
    attributes: tags,
    events: annotations.map(({ value }) => value),
  };
}

interface OtlpSpan extends Omit<CollectedSpan, 'events' | 'service' | 'failed'> {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly status: string;
  readonly events: ReadonlyArray<{ readonly name: string }>;
}

function fromOtlp({ resource, status, events, ...span }: OtlpSpan): CollectedSpan {
  return {
    ...span,
    kind: span.kind.replace('SPAN_KIND_', ''),
    failed: status === 'STATUS_CODE_ERROR',
    service: String(resource['service.name']),
    attributes: { ...resource, ...span.attributes },
    events: events.map(({ name }) => name),
  };
}
