import { z } from 'zod';
import { setting } from './setting.js';

/** The section `Tracing`: what is traced, and where to besides `Zipkin.Hosts`. */
export const tracingSettings = z.strictObject({
  SampleRatio: setting(z.number().min(0).max(1).default(1), {
    description:
      'The share of the traces beginning here that is recorded; for those of callers see TrustCallers',
    reload: 'restart',
  }),
  TrustCallers: setting(
    // Read from YAML, yes and no are booleans.
    z.union([z.boolean(), z.literal('capped')], { error: 'expected yes, no or capped' }).default('capped'),
    {
      description:
        "Whether callers decide that their traces are recorded. yes: always; capped: for 100 calls a second, beyond which SampleRatio decides, since a caller could otherwise have everything recorded; no: SampleRatio decides for all, as at a fleet's edge",
      reload: 'restart',
    },
  ),
  MessageEvents: setting(z.boolean().default(true), {
    description: 'An event in the span for each message of a stream',
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
  /** 0 to 1. */
  readonly sampleRatio: number;
  readonly trustCallers: 'yes' | 'no' | 'capped';
  readonly messageEvents: boolean;
  readonly otlp: { readonly endpoint: string; readonly protocol: 'grpc' | 'http' } | undefined;
}

export function resolveTracingSettings({
  SampleRatio,
  TrustCallers,
  MessageEvents,
  Otlp,
}: TracingSettings): ResolvedTracingSettings {
  return {
    sampleRatio: SampleRatio,
    trustCallers: TrustCallers === 'capped' ? 'capped' : TrustCallers ? 'yes' : 'no',
    messageEvents: MessageEvents,
    otlp: Otlp && { endpoint: Otlp.Endpoint, protocol: Otlp.Protocol },
  };
}
