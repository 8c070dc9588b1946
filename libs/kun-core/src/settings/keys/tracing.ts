import { z } from 'zod';
import { key } from '../declare.js';
import { optionalSection, section } from '../section.js';

/** The section `Tracing`: what is traced, and where spans go besides `Zipkin.Hosts`. */
export const tracing = section('tracing', {
  SampleRatio: key('sampleRatio', z.number().min(0).max(1).optional(), {
    description:
      "Share of the traces beginning here that is sampled; for callers' traces see TrustCallers. Default: OTEL_TRACES_SAMPLER, else 1",
    reload: 'restart',
  }),
  TrustCallers: key(
    'trustCallers',
    // YAML reads yes and no as booleans.
    z.union([z.boolean(), z.literal('capped')], { error: 'expected yes, no or capped' }).optional(),
    {
      description:
        "Whether callers' sampling decisions are honoured. yes: always; capped: for 100 calls a second, beyond which SampleRatio decides, since a caller could otherwise have everything recorded; no: SampleRatio decides for all, as at a fleet's edge. Default: capped, or no if OTEL_TRACES_SAMPLER is not parentbased",
      reload: 'restart',
      read: (said) => (typeof said === 'boolean' ? (said ? 'yes' : 'no') : said),
    },
  ),
  Global: key('global', z.boolean().default(true), {
    description:
      "Register with OpenTelemetry's API if nothing else is registered, so that instrumentations of databases and HTTP clients join the traces of calls; turn off for the second application of a process",
    reload: 'restart',
  }),
  MessageEvents: key('messageEvents', z.boolean().default(false), {
    description: "Add an event to the span for each message, which OpenTelemetry's conventions have dropped",
    reload: 'restart',
  }),
  Otlp: optionalSection('otlp', 'restart', {
    Endpoint: key(
      'endpoint',
      z.url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4317' }),
      {
        description: 'OTLP collector; for Protocol http, /v1/traces is added if the URL has no path',
        reload: 'restart',
      },
    ),
    Protocol: key('protocol', z.enum(['grpc', 'http']).default('grpc'), {
      description: 'OTLP transport: gRPC or HTTP',
      reload: 'restart',
    }),
  }),
});

const HOST_ERROR = 'expected a host, host:port or an http(s) URL';

/** The section `Zipkin`: collectors that take Zipkin's format. */
export const zipkin = section('zipkin', {
  Hosts: key(
    'endpoints',
    z.array(z.string().refine((host) => endpointOf(host) !== undefined, { error: HOST_ERROR })).default([]),
    {
      description:
        'Zipkin or Jaeger collectors. A bare host means port 9411 and path /api/v2/spans; a full URL is used unchanged',
      reload: 'restart',
      read: (hosts) => hosts.map(endpointOf).filter((endpoint) => endpoint !== undefined),
    },
  ),
});

/**
 * The URL to post spans to: `jaeger` becomes `http://jaeger:9411/api/v2/spans`, `jaeger:80` keeps its port, and a URL
 * with a path is unchanged. Port and path are Zipkin's defaults.
 */
function endpointOf(host: string): string | undefined {
  const whole = /^https?:\/\//i.test(host);
  const url = URL.parse(whole ? host : `http://${host}`);
  if (!url || /\s/.test(host)) return undefined;
  if (!whole) {
    if (url.pathname !== '/' || url.search || url.hash || url.username) return undefined;
    if (!/:\d+$/.test(host)) url.port = '9411';
  }
  if (url.pathname === '/') url.pathname = '/api/v2/spans';
  return url.href;
}
