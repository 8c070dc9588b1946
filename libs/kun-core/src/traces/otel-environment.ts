/** An OTLP collector. */
export interface OtlpTarget {
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http';
}

/** The settings from OpenTelemetry's environment variables, used where kun's configuration leaves them open. */
export interface OtelEnvironment {
  /** `OTEL_SDK_DISABLED`. */
  readonly disabled: boolean;
  /** `OTEL_TRACES_EXPORTER` with `OTEL_EXPORTER_OTLP_*`. */
  readonly otlp: OtlpTarget | undefined;
  /** `OTEL_TRACES_EXPORTER` with `OTEL_EXPORTER_ZIPKIN_ENDPOINT`. */
  readonly zipkin: string | undefined;
  /** `OTEL_TRACES_SAMPLER` with `OTEL_TRACES_SAMPLER_ARG`. */
  readonly sampleRatio: number | undefined;
  readonly trustCallers: 'no' | undefined;
  /** `OTEL_PROPAGATORS`; `undefined` for kun's default. */
  readonly propagation:
    { readonly formats: ReadonlyArray<'w3c' | 'b3' | 'b3multi'>; readonly baggage: boolean } | undefined;
  /** `OTEL_EXPORTER_OTLP_TIMEOUT`. */
  readonly exportTimeoutMs: number | undefined;
  /** `OTEL_BSP_SCHEDULE_DELAY`. */
  readonly batchDelayMs: number | undefined;
  readonly metrics: {
    /** `OTEL_METRICS_EXPORTER` with `OTEL_EXPORTER_OTLP_*`. */
    readonly otlp: OtlpTarget | undefined;
    /** `OTEL_EXPORTER_OTLP_METRICS_TIMEOUT`. */
    readonly exportTimeoutMs: number | undefined;
    /** `OTEL_METRIC_EXPORT_INTERVAL`. */
    readonly intervalMs: number | undefined;
  };
  /** `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. */
  readonly resource: Readonly<Record<string, string>>;
  /** Variables that are set but cannot be honoured. */
  readonly problems: readonly string[];
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads `OTEL_*`. An empty variable counts as unset, as specified. */
export function readOtelEnvironment(env: Env): OtelEnvironment {
  const problems: string[] = [];
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  const complain = (name: string, found: string, known: string) =>
    void problems.push(`${name}: ${JSON.stringify(found)} is not supported; use ${known}`);
  const ms = (name: string): number | undefined => {
    const found = text(name);
    if (found === undefined) return undefined;
    if (/^\d+$/.test(found) && Number(found) > 0) return Number(found);
    complain(name, found, 'a number of milliseconds');
    return undefined;
  };
  const list = (name: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean);

  const exporters = exportersOf('OTEL_TRACES_EXPORTER', ['otlp', 'zipkin', 'none'], list, complain);
  const endpoint = text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const otlpWanted = exporters.length === 0 ? endpoint !== undefined : exporters.includes('otlp');
  // `prometheus` is served by kun's /metrics. An endpoint that is not specific to metrics enables only traces: metrics
  // are scraped unless their export is requested explicitly.
  const metrics = exportersOf('OTEL_METRICS_EXPORTER', ['otlp', 'prometheus', 'none'], list, complain);
  const metricsEndpoint = text('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT');
  const metricsWanted = metrics.length === 0 ? metricsEndpoint !== undefined : metrics.includes('otlp');
  const temporality = text('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
  if (metricsWanted && temporality !== undefined && temporality.toLowerCase() !== 'cumulative') {
    complain('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', temporality, 'cumulative');
  }
  return {
    disabled: text('OTEL_SDK_DISABLED')?.toLowerCase() === 'true',
    otlp: otlpWanted ? otlpOf('TRACES', text, complain) : undefined,
    zipkin: exporters.includes('zipkin')
      ? (text('OTEL_EXPORTER_ZIPKIN_ENDPOINT') ?? 'http://localhost:9411/api/v2/spans')
      : undefined,
    ...samplerOf(text, complain),
    propagation: propagationOf(list('OTEL_PROPAGATORS'), complain),
    exportTimeoutMs: ms('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT') ?? ms('OTEL_EXPORTER_OTLP_TIMEOUT'),
    batchDelayMs: ms('OTEL_BSP_SCHEDULE_DELAY'),
    metrics: {
      otlp: metricsWanted ? otlpOf('METRICS', text, complain) : undefined,
      exportTimeoutMs: ms('OTEL_EXPORTER_OTLP_METRICS_TIMEOUT') ?? ms('OTEL_EXPORTER_OTLP_TIMEOUT'),
      intervalMs: ms('OTEL_METRIC_EXPORT_INTERVAL'),
    },
    resource: resourceOf(text, complain),
    problems,
  };
}

type Text = (name: string) => string | undefined;
type Complain = (name: string, found: string, known: string) => void;

function exportersOf(
  variable: string,
  known: readonly string[],
  list: (name: string) => string[],
  complain: Complain,
): string[] {
  const names = list(variable);
  const allowed = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`;
  for (const name of names) if (!known.includes(name)) complain(variable, name, allowed);
  return names;
}

function otlpOf(signal: 'TRACES' | 'METRICS', text: Text, complain: Complain): OtlpTarget {
  const own = `OTEL_EXPORTER_OTLP_${signal}`;
  const name = text(`${own}_PROTOCOL`) ? `${own}_PROTOCOL` : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  const found = text(name) ?? 'http/protobuf';
  if (!['grpc', 'http/protobuf', 'http/json'].includes(found)) {
    complain(name, found, 'grpc, http/protobuf or http/json');
  }
  const protocol = found === 'grpc' ? 'grpc' : 'http';
  const endpoint = text(`${own}_ENDPOINT`);
  if (endpoint !== undefined) return { endpoint, protocol };
  const base = text('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (protocol === 'grpc') return { endpoint: base ?? 'http://localhost:4317', protocol };
  const path = `/v1/${signal.toLowerCase()}`;
  return { endpoint: `${(base ?? 'http://localhost:4318').replace(/\/$/, '')}${path}`, protocol };
}

function samplerOf(text: Text, complain: Complain): Pick<OtelEnvironment, 'sampleRatio' | 'trustCallers'> {
  const sampler = text('OTEL_TRACES_SAMPLER');
  if (sampler === undefined) return { sampleRatio: undefined, trustCallers: undefined };
  const root = sampler.replace(/^parentbased_/, '');
  const trustCallers = root === sampler ? 'no' : undefined;
  if (root === 'always_on') return { sampleRatio: 1, trustCallers };
  if (root === 'always_off') return { sampleRatio: 0, trustCallers };
  if (root !== 'traceidratio') {
    complain('OTEL_TRACES_SAMPLER', sampler, '[parentbased_]always_on, always_off or traceidratio');
    return { sampleRatio: undefined, trustCallers: undefined };
  }
  const found = text('OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const ratio = Number(found);
  if (ratio >= 0 && ratio <= 1) return { sampleRatio: ratio, trustCallers };
  complain('OTEL_TRACES_SAMPLER_ARG', found, 'a ratio from 0 to 1');
  return { sampleRatio: undefined, trustCallers };
}

const FORMATS = { tracecontext: 'w3c', b3: 'b3', b3multi: 'b3multi' } as const;

function propagationOf(names: readonly string[], complain: Complain): OtelEnvironment['propagation'] {
  if (names.length === 0) return undefined;
  const formats: Array<'w3c' | 'b3' | 'b3multi'> = [];
  for (const name of names) {
    if (name in FORMATS) formats.push(FORMATS[name as keyof typeof FORMATS]);
    else if (name !== 'baggage' && name !== 'none') {
      complain('OTEL_PROPAGATORS', name, 'tracecontext, baggage, b3, b3multi or none');
    }
  }
  return { formats, baggage: names.includes('baggage') };
}

function resourceOf(text: Text, complain: Complain): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const pair of (text('OTEL_RESOURCE_ATTRIBUTES') ?? '').split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    try {
      if (equals < 1) throw new URIError('no equals sign');
      attributes[pair.slice(0, equals).trim()] = decodeURIComponent(pair.slice(equals + 1).trim());
    } catch {
      complain('OTEL_RESOURCE_ATTRIBUTES', pair, 'key=value, with values percent-encoded');
    }
  }
  const name = text('OTEL_SERVICE_NAME');
  if (name !== undefined) attributes['service.name'] = name;
  return attributes;
}
