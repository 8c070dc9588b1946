import { describe, expect, it } from 'vitest';
import { readOtelEnvironment, type OtelEnvironment } from './otel-environment.js';

type Env = Readonly<Record<string, string>>;

it('asks for nothing where nothing is set, or what is set is empty', () => {
  const nothing = {
    disabled: false,
    otlp: undefined,
    zipkin: undefined,
    sampleRatio: undefined,
    trustCallers: undefined,
    propagation: undefined,
    exportTimeoutMs: undefined,
    batchDelayMs: undefined,
    metrics: { otlp: undefined, exportTimeoutMs: undefined, intervalMs: undefined },
    resource: {},
    problems: [],
  };
  expect(readOtelEnvironment({})).toEqual(nothing);
  const empty = [
    'OTEL_TRACES_EXPORTER',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_PROPAGATORS',
    'OTEL_BSP_SCHEDULE_DELAY',
  ];
  expect(readOtelEnvironment(Object.fromEntries(empty.map((name) => [name, ' '])))).toEqual(nothing);
});

describe('where spans go', () => {
  it.each<[env: Env, otlp: OtelEnvironment['otlp'], zipkin?: string]>([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' },
      { endpoint: 'http://c:4318/v1/traces', protocol: 'http' },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' },
      { endpoint: 'http://c:4318/v1/traces', protocol: 'http' },
    ],
    // The signal's own is taken as it stands, and goes before.
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/x' },
      { endpoint: 'http://t/x', protocol: 'http' },
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { endpoint: 'http://c:4317', protocol: 'grpc' },
    ],
    [
      {
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      },
      { endpoint: 'http://localhost:4318/v1/traces', protocol: 'http' },
    ],
    [
      { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      { endpoint: 'http://localhost:4317', protocol: 'grpc' },
    ],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, undefined],
    [
      { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' },
      undefined,
      'http://localhost:9411/api/v2/spans',
    ],
    [
      { OTEL_TRACES_EXPORTER: 'otlp, zipkin', OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://z/spans' },
      { endpoint: 'http://localhost:4318/v1/traces', protocol: 'http' },
      'http://z/spans',
    ],
    [{ OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://z/spans' }, undefined],
  ])('%j', (env, otlp, zipkin) => {
    const read = readOtelEnvironment(env);
    expect({ otlp: read.otlp, zipkin: read.zipkin }).toEqual({ otlp, zipkin });
    expect(read.problems).toEqual([]);
  });
});

describe('where metrics go', () => {
  it.each<[env: Env, otlp: OtelEnvironment['otlp']]>([
    // An endpoint for everything asks for spans: metrics are scraped unless they are named.
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, undefined],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_METRICS_EXPORTER: 'otlp' },
      { endpoint: 'http://c:4318/v1/metrics', protocol: 'http' },
    ],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m/x' }, { endpoint: 'http://m/x', protocol: 'http' }],
    [
      {
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
      },
      { endpoint: 'http://localhost:4317', protocol: 'grpc' },
    ],
    [{ OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m' }, undefined],
    [{ OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m' }, undefined],
  ])('%j', (env, otlp) => {
    const read = readOtelEnvironment(env);
    expect(read.metrics.otlp).toEqual(otlp);
    expect(read.problems).toEqual([]);
  });
});

it.each<[env: Env, ratio: number | undefined, trust: 'no' | undefined]>([
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, 1, 'no'],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0, 'no'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0.25, 'no'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, 1, 'no'],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0, undefined],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0, undefined],
  [{ OTEL_TRACES_SAMPLER_ARG: '0.25' }, undefined, undefined],
])('samples by %j', (env, sampleRatio, trustCallers) => {
  expect(readOtelEnvironment(env)).toMatchObject({ sampleRatio, trustCallers, problems: [] });
});

it.each<[names: string, propagation: OtelEnvironment['propagation']]>([
  ['tracecontext,baggage', { formats: ['w3c'], baggage: true }],
  ['b3multi, b3', { formats: ['b3multi', 'b3'], baggage: false }],
  ['none', { formats: [], baggage: false }],
])('propagates %s', (OTEL_PROPAGATORS, propagation) => {
  expect(readOtelEnvironment({ OTEL_PROPAGATORS })).toMatchObject({ propagation, problems: [] });
});

it('reads times, each signal its own before the common one', () => {
  expect(
    readOtelEnvironment({
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
      OTEL_BSP_SCHEDULE_DELAY: '300',
      OTEL_METRIC_EXPORT_INTERVAL: '15000',
    }),
  ).toMatchObject({
    exportTimeoutMs: 2000,
    batchDelayMs: 300,
    metrics: { exportTimeoutMs: 1000, intervalMs: 15_000 },
    problems: [],
  });
});

it('reads attributes of the resource, and the name of the service over them', () => {
  const env = { OTEL_RESOURCE_ATTRIBUTES: ' a = b%20c,service.name=x, ', OTEL_SERVICE_NAME: 'shop' };
  expect(readOtelEnvironment(env)).toMatchObject({
    resource: { a: 'b c', 'service.name': 'shop' },
    problems: [],
  });
});

it.each(['true', 'TRUE'])('is off for OTEL_SDK_DISABLED=%s', (OTEL_SDK_DISABLED) => {
  expect(readOtelEnvironment({ OTEL_SDK_DISABLED }).disabled).toBe(true);
});

it.each<[env: Env, allowed: string]>([
  [{ OTEL_TRACES_EXPORTER: 'jaeger' }, 'otlp, zipkin or none'],
  [{ OTEL_METRICS_EXPORTER: 'console' }, 'otlp, prometheus or none'],
  [
    { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'thrift' },
    'grpc, http/protobuf or http/json',
  ],
  [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, '[parentbased_]always_on, always_off or traceidratio'],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'a ratio from 0 to 1'],
  [{ OTEL_PROPAGATORS: 'xray' }, 'tracecontext, baggage, b3, b3multi or none'],
  [{ OTEL_BSP_SCHEDULE_DELAY: '5s' }, 'a number of milliseconds'],
  [{ OTEL_METRIC_EXPORT_INTERVAL: '0' }, 'a number of milliseconds'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a' }, 'key=value'],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%E0%A4' }, 'key=value'],
  [
    { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' },
    'cumulative',
  ],
])('tells that it cannot follow %j, and what it could', (env, allowed) => {
  const { problems } = readOtelEnvironment(env);
  const [variable = ''] = Object.keys(env).slice(-1);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${variable}: ".*" is not supported; use `));
  expect(problems[0]).toContain(allowed);
});
