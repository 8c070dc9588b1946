import type { Clock } from '../../clock.js';
import { RetryBudget } from '../../retry/retry-budget.js';
import { meshRetryInterceptor } from '../../retry/retry-mesh.js';
import { retryInterceptor, type RetryObserver } from '../../retry/retry.js';
import type { Readiness } from '../../lifecycle/readiness.js';
import { outgoingRoutes } from '../../routing/route-scope.js';
import { outgoingRoutesInterceptor } from '../../routing/routes-interceptors.js';
import { compose, type CallHandler, type Interceptor, rebuiltInterceptor } from '../../rpc/interceptor.js';
import type { RpcMethod } from '../../rpc/rpc-method.js';
import type { ServiceDefinition } from '../../proto/service-definition.js';
import type { LiveSettings } from '../../settings/live-settings.js';
import { currentMethod, unknownMethods, type ResolvedUpstream } from '../../settings/upstream.js';
import type { ApplicationLogger } from '../../logs/application-logger.js';
import type { CallMetrics } from '../../metrics/call-metrics.js';
import type { ClientCallCounts, RetryCounts } from '../../metrics/client-calls.js';
import { readMethodShapes } from '../../proto/message-shape.js';
import { reportLateErrors } from '../../interceptors/recovery.js';
import type { RecentSide } from '../../recent/recent-calls.js';
import type { Tracing } from '../../traces/tracing.js';
import { CertificateStore } from '../../tls/certificate-store.js';
import { warnOfLeftOutMetadata } from '../../transport/outgoing-metadata.js';
import type { CertificateFiles } from '../../tls/certificates.js';
import { openChannel, type UpstreamChannel } from '../connection/channel.js';
import { defaultClientInterceptors } from '../default-interceptors.js';
import { proxyAnswers } from '../connection/proxy-answers.js';
import { upstreamClient, type TypedClient } from './upstream-client.js';
import { SharedUpstreams } from './shared-upstreams.js';
import { UpstreamError, type AnyUpstreamOptions, type UpstreamRegistration } from './upstream-options.js';
import { declaredService, methodNames, upstreamService } from './upstream-service.js';
import type { Upstreams } from './upstreams.js';

/** What all upstreams of an application share. */
export interface UpstreamFactoryParts {
  /** Directories that relative proto paths are resolved against; the first that has the file wins. */
  readonly bases: readonly string[];
  readonly live: LiveSettings;
  readonly upstreams: Upstreams;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly draining: AbortSignal;
  readonly logger: ApplicationLogger;
  readonly metrics: CallMetrics;
  readonly calls: ClientCallCounts;
  readonly retries: RetryCounts;
  readonly tracing: Tracing | undefined;
  /** The admin port's record of attempts; `undefined` when there is no admin port. */
  readonly recent: (upstream: string) => RecentSide | undefined;
  readonly interceptorsOf: (options: AnyUpstreamOptions) => readonly Interceptor[];
}

/** An upstream's client, and the full name of its service. */
export interface ServiceClient {
  readonly client: TypedClient;
  readonly service: string;
}

/** Creates the clients of upstreams from their registration and configuration. */
export class UpstreamFactory {
  private readonly shared = new SharedUpstreams<ServiceClient>();

  constructor(private readonly parts: UpstreamFactoryParts) {}

  /**
   * Opens an upstream, once for all modules that register it.
   *
   * @throws {UpstreamError} when there is no target or method of that name.
   * @throws {ProtoError} when there is no such service, or a proto is unusable.
   * @throws {CertificateError} when certificate files are unusable.
   * @throws {ChannelOptionError} for options without effect.
   */
  open(registration: UpstreamRegistration): ServiceClient {
    return this.shared.get(registration, (options) => this.make(options));
  }

  /** The full name of the upstream's service, or what the registration says of it if nothing was opened. */
  serviceOf({ options }: UpstreamRegistration): string {
    return this.shared.find(options.name)?.service ?? declaredService(options);
  }

  private make(options: AnyUpstreamOptions): ServiceClient {
    const { name } = options;
    const { live, upstreams, readiness, clock, draining } = this.parts;
    const settings = live.upstream(name);
    const [fullName, service] = upstreamService(options, this.parts.bases, settings);
    const target = settings.target ?? options.target;
    if (target === undefined) {
      throw new UpstreamError(
        `upstream "${name}" has no address: set Upstreams.${name}.Target to host:port, or the option target`,
      );
    }
    const unknown = unknownMethods({ name, methods: settings.methods.current }, methodNames(service));
    if (unknown.length > 0) throw new UpstreamError(unknown.join('\n'));

    const certificates = settings.tls && this.certificates(name, settings.tls);
    const channel = this.dial(options, settings, target, certificates);
    // Only now: a channel that cannot be opened must leave no timer behind.
    certificates?.start();
    const { proxyPort: port, waitAtStart, connectTimeoutMs } = settings;
    upstreams.add({
      name,
      target,
      secure: certificates !== undefined,
      state: () => channel.state,
      waitAtStart,
      connectTimeoutMs,
      waitForReady: (timeoutMs) => channel.waitForReady(timeoutMs),
      close: () => {
        channel.close();
        certificates?.stop();
      },
    });
    if (port !== undefined) {
      readiness.addCheck(`proxy-${name}`, ({ signal }) => proxyAnswers({ port, signal }));
    }
    const client = upstreamClient({
      name,
      target,
      client: channel.client,
      service,
      clock,
      draining,
      policy: settings.errorPolicy,
      interceptors: (methods) => this.chain(options, settings, service, methods),
      timeoutMs: (method) => currentMethod(settings, method.name).callTimeoutMs,
      onObserverError: reportLateErrors(this.parts.logger.pino, clock),
      onLeftOut: warnOfLeftOutMetadata(this.parts.logger.pino.child({ upstream: name })),
      routes: outgoingRoutes,
    });
    return { client, service: fullName };
  }

  private certificates(upstream: string, files: CertificateFiles): CertificateStore {
    const { pino } = this.parts.logger;
    return new CertificateStore({
      files,
      onReloaded: () => pino.info({ upstream }, 'certificates reloaded'),
      onRefused: (err) =>
        pino.warn({ upstream, err }, 'changed certificates cannot be used; the old ones stay'),
    });
  }

  private dial(
    options: AnyUpstreamOptions,
    settings: ResolvedUpstream,
    target: string,
    certificates: CertificateStore | undefined,
  ): UpstreamChannel {
    const { name, channelOptions } = options;
    const serverName = settings.tls?.serverName;
    return openChannel({
      name,
      target,
      certificates,
      proxyPort: settings.proxyPort,
      connectTimeoutMs: settings.connectTimeoutMs,
      maxMessageBytes: settings.maxMessageBytes,
      keepalive: settings.keepaliveEnabled && {
        timeMs: settings.keepaliveTimeMs,
        timeoutMs: settings.keepaliveTimeoutMs,
      },
      channelOptions: {
        ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
        ...(settings.loadBalancing && { 'grpc.service_config': serviceConfig(settings.loadBalancing) }),
        ...channelOptions,
      },
    });
  }

  private chain(
    options: AnyUpstreamOptions,
    settings: ResolvedUpstream,
    service: ServiceDefinition,
    methods: readonly RpcMethod[],
  ): readonly Interceptor[] {
    const { logger, metrics, calls, tracing, live } = this.parts;
    const { name } = options;
    if (settings.metricsEnabled) {
      metrics.prepare(methods);
      calls.prepare(name, methods);
    }
    return defaultClientInterceptors({
      upstream: name,
      settings,
      logger,
      metrics,
      calls,
      tracing,
      recent: this.parts.recent(name),
      messageEvents: live.settings.tracing.messageEvents,
      logging: live.callLogging(settings),
      shapes: () => readMethodShapes([service]),
      routes: outgoingRoutesInterceptor(),
      retry: this.retry(name),
      own: this.parts.interceptorsOf(options),
    });
  }

  /** The retry budget survives changes of the policy. */
  private retry(name: string): Interceptor {
    const { live, clock, retries } = this.parts;
    const budget = new RetryBudget(live.upstream(name).retry.budget);
    retries.watch(name, () => budget.tokens);
    const observer: RetryObserver = {
      onRetry: () => retries.add(name, 'retry'),
      onStop: (_call, reason) => retries.add(name, reason),
    };
    const perMethod = (): Interceptor => (next) => {
      const upstream = live.upstream(name);
      const handlers = new Map<RpcMethod, CallHandler>();
      return (call) => {
        let handler = handlers.get(call.method);
        if (!handler) {
          const { retry: policy } = currentMethod(upstream, call.method.name);
          const by = upstream.retry.by.current;
          const mesh = meshRetryInterceptor({ by, policy, proxied: upstream.proxyPort !== undefined });
          const own = by === 'app' ? [retryInterceptor({ policy, budget, clock, ...observer })] : [];
          handlers.set(call.method, (handler = compose([mesh, ...own], next)));
        }
        return handler(call);
      };
    };
    return rebuiltInterceptor(perMethod, (rebuild) => void live.onChange(rebuild));
  }
}

function serviceConfig(policy: 'round_robin' | 'pick_first'): string {
  return JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] });
}
