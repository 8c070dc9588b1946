import { createOperator, type Operator } from '../../admin/operator.js';
import { Identity } from '../../identity/identity.js';
import { RecentCalls } from '../../recent/recent-calls.js';
import type { RecentLines } from '../../recent/recent-lines.js';
import type { KunRuntime } from '../../wiring/options.js';
import { KUN_RECENT_LINES, KUN_RUNTIME } from '../../wiring/tokens.js';
import type { ApplicationParts } from './parts.js';

/** What an operator can see and do on the application's admin port. */
export function operatorOf(parts: ApplicationParts): Operator {
  const { nest, settings, tracing, upstreams, ports } = parts;
  const { grpc, logger } = settings;
  return createOperator({
    ...parts,
    settings: settings.operator,
    grpc: {
      tls: grpc.tls !== undefined,
      reflection: grpc.reflectionEnabled,
      maxMessageBytes: grpc.maxMessageBytes,
    },
    identity: nest.get(Identity),
    env: nest.get<KunRuntime>(KUN_RUNTIME).env ?? process.env,
    level: logger.level,
    recent: nest.get(RecentCalls),
    lines: nest.get<RecentLines | undefined>(KUN_RECENT_LINES),
    asked: grpc.tracingEnabled ? tracing?.asked : undefined,
    ports: () => ({ ...ports }),
    features: () => ({
      engine: grpc.engine,
      tls: grpc.tls !== undefined,
      reflection: grpc.reflectionEnabled,
      recovery: grpc.recoveryEnabled,
      metrics: grpc.metricsEnabled,
      logging: grpc.loggingEnabled,
      messagesLogged: grpc.contentMaxLength.current !== undefined,
      logSampling: logger.sampling.current !== undefined,
      tracing: tracing !== undefined && grpc.tracingEnabled,
      sampleRatio: settings.tracing.sampleRatio ?? 1,
      upstreams: upstreams.all.length,
    }),
  });
}
