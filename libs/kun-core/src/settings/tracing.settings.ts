import { z } from 'zod';
import { setting } from './setting.js';

/** The section `Tracing`: what is traced, and where to besides `Zipkin.Hosts`. */
export const tracingSettings = z.strictObject({
  SampleRatio: setting(z.number().min(0).max(1).optional(), {
    description:
      'The share of the traces beginning here that is recorded; for those of callers see TrustCallers. Default: what OTEL_TRACES_SAMPLER says, else 1',
    reload: 'restart',
  }),
  TrustCallers: setting(
    // Read from YAML, yes and no are booleans.
    z.union([z.boolean(), z.literal('capped')], { error: 'expected yes, no or capped' }).optional(),
    {
      description:
        "Whether callers decide that their traces are recorded. yes: always; capped: for 100 calls a second, beyond which SampleRatio decides, since a caller could otherwise have everything recorded; no: SampleRatio decides for all, as at a fleet's edge. Default: capped, or no where OTEL_TRACES_SAMPLER is not parentbased",
      reload: 'restart',
    },
  ),
  Global: setting(z.boolean().default(true), {
    description:
      "Register with OpenTelemetry's API where nobody else has, so that instrumentations of databases and HTTP clients join the traces of calls; off for the second application of a process",
    reload: 'restart',
  }),
  MessageEvents: setting(z.boolean().default(false), {
    description: "An event in the span for each message, which OpenTelemetry's conventions have given up",
    reload: 'restart',
  }),
  Otlp: z
    .strictObject({
      Endpoint: setting(
        z.url({ protocol: /^https?$/, error: 'expected a URL such as http://collector:4317' }),
        {
          description:
            'The collector that takes OTLP; /v1/traces is added for Protocol http where there is no path',
          reload: 'restart',
        },
      ),
      Protocol: setting(z.enum(['grpc', 'http']).default('grpc'), {
        description: 'How to send: OTLP over gRPC, or over HTTP',
        reload: 'restart',
      }),
    })
    .optional(),
});

/** The section `Tracing` as validated. */
export type TracingSettings = z.output<typeof tracingSettings>;

/** The section as the code uses it. */
export interface ResolvedTracingSettings {
  /** 0 to 1; `undefined` where the file says nothing. */
  readonly sampleRatio: number | undefined;
  readonly trustCallers: 'yes' | 'no' | 'capped' | undefined;
  readonly global: boolean;
  readonly messageEvents: boolean;
  readonly otlp: { readonly endpoint: string; readonly protocol: 'grpc' | 'http' } | undefined;
}

export function resolveTracingSettings({
  SampleRatio,
  TrustCallers,
  Global,
  MessageEvents,
  Otlp,
}: TracingSettings): ResolvedTracingSettings {
  return {
    sampleRatio: SampleRatio,
    trustCallers: typeof TrustCallers === 'boolean' ? (TrustCallers ? 'yes' : 'no') : TrustCallers,
    global: Global,
    messageEvents: MessageEvents,
    otlp: Otlp && { endpoint: Otlp.Endpoint, protocol: Otlp.Protocol },
  };
}
