import type { Secret } from '@kun/config';
import type { Upstreams } from '../client/upstreams/upstreams.js';
import type { Clock } from '../clock.js';
import type { IdentityFields } from '../identity/identity.js';
import type { Lifecycle } from '../lifecycle/lifecycle.js';
import type { ProbeLogger } from '../lifecycle/checks.js';
import type { Liveness } from '../lifecycle/liveness.js';
import type { Readiness } from '../lifecycle/readiness.js';
import type { Startup } from '../lifecycle/startup.js';
import type { ApplicationLogger } from '../logs/application-logger.js';
import type { Meter } from '../metrics/meter.js';
import type { RecentCalls } from '../recent/recent-calls.js';
import type { RecentLines } from '../recent/recent-lines.js';
import type { KunGrpcServer } from '../server/port/grpc-server.js';
import type { LogLevel } from '../settings/keys/logger.js';
import type { Live } from '../settings/live.js';
import type { AskedTraces } from '../traces/asked-traces.js';
import { Dispatcher } from './access/dispatcher.js';
import { KnownHosts } from './access/known-hosts.js';
import { SecretScrubber } from './access/secret-scrubber.js';
import { TokenCheck } from './access/token-check.js';
import type { AdminRoute } from './access/route.js';
import type { StatusAnswer } from './answers/process.js';
import { Calling } from './calling/calling-routes.js';
import { callsRoutes } from './calls/calls-routes.js';
import { callTools } from './mcp/call-tools.js';
import { McpEndpoint } from './mcp/mcp-endpoint.js';
import { methodTools } from './mcp/method-tools.js';
import { operatingTools } from './mcp/operating-tools.js';
import { processTools } from './mcp/process-tools.js';
import type { ReadConfiguration } from './process/configuration-view.js';
import { debugRoutes } from './debug/debug-routes.js';
import { logRoutes } from './logs/log-routes.js';
import { oneAtATime } from './debug/one-at-a-time.js';
import { EventHub } from './events/event-hub.js';
import { PageEventSource } from './events/page-events.js';
import { EventLoopWatch } from './process/event-loop-watch.js';
import { pageRoutes } from './page/page-routes.js';
import { LogLevelOverride } from './process/log-level.js';
import { processRoutes } from './process/process-routes.js';
import { versionOfKun, type StatusParts } from './process/status-view.js';

/** The collaborators of the {@link Operator}. */
export interface OperatorParts {
  readonly settings: {
    readonly page: boolean;
    readonly mcp: boolean;
    readonly token: Live<Secret | undefined>;
    readonly hosts: readonly string[];
  };
  /** Of the gRPC port. */
  readonly grpc: { readonly tls: boolean; readonly reflection: boolean; readonly maxMessageBytes: number };
  readonly identity: IdentityFields;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly readiness: Readiness;
  readonly liveness: Liveness;
  readonly startup: Startup;
  readonly configuration: ReadConfiguration;
  readonly logger: ApplicationLogger;
  /** `Logger.Level`. */
  readonly level: Live<LogLevel>;
  readonly meter: Meter;
  readonly recent: RecentCalls;
  /** The last log lines; `undefined` when none are kept. */
  readonly lines: RecentLines | undefined;
  readonly server: KunGrpcServer;
  readonly upstreams: Upstreams;
  /** Calls whose traces were requested; `undefined` when tracing is off. */
  readonly asked: AskedTraces | undefined;
  /** The open ports. */
  readonly ports: () => StatusAnswer['ports'];
  /** The enabled features. */
  readonly features: () => StatusAnswer['features'];
}

/** The admin port beyond probes and metrics. */
export interface Operator {
  /** Handles a request, or returns false when it has no route for it. */
  readonly dispatch: Dispatcher['dispatch'];
  /**
   * Loads optional parts that the configuration enables, before the port opens.
   *
   * @throws {MissingPackageError} when a package for it is not installed.
   */
  load(): Promise<void>;
  /** Stops timers and watches. */
  stop(): void;
}

/** Creates the operator; nothing runs before the first request. */
export function createOperator(parts: OperatorParts): Operator {
  const { settings, clock, logger, configuration } = parts;
  const token = new TokenCheck(settings.token);
  const logLevel = new LogLevelOverride({ logger, configured: parts.level, clock });
  const loop = new EventLoopWatch();
  const calls = { ...parts, openCalls: parts.server.openCalls };
  const status: StatusParts = {
    ...parts,
    logLevel,
    registry: parts.meter.registry,
    kunVersion: versionOfKun(),
    admin: () => ({ page: settings.page, token: token.enabled, mcp: settings.mcp }),
  };
  const traces = { clock, asked: parts.asked, methods: () => methodsOf(parts.server) };
  const alone = oneAtATime();
  const scrubber = new SecretScrubber(configuration, parts.env);
  const events = new EventHub(new PageEventSource({ calls, status, loop, scrubber }), clock);
  const calling = new Calling({ clock, server: parts.server, ...parts.grpc });
  const log = parts.lines && { clock, lines: parts.lines };
  const told: ProbeLogger = {
    log: (message) => logger.pino.info(message),
    warn: (message) => logger.pino.warn(message),
  };
  const mcp = settings.mcp
    ? new McpEndpoint({
        tools: [
          ...processTools({ status, loop, configuration, traces, log }),
          ...callTools(calls),
          ...methodTools(calling),
          ...operatingTools({ logLevel, traces, alone }),
        ],
        name: parts.identity.service,
        version: parts.identity.version ?? status.kunVersion,
        token,
        scrubber,
        clock,
        logger: told,
      })
    : undefined;
  const dispatcher = new Dispatcher({
    routes: [
      ...processRoutes({ status, loop, configuration, logLevel }),
      ...callsRoutes(calls),
      ...(log ? logRoutes(log) : []),
      ...debugRoutes({ ...traces, alone, instance: parts.identity.instance }),
      ...(mcp?.routes ?? []),
      ...(settings.page ? [...pageRoutes(), eventsRoute(events), ...calling.routes] : []),
    ],
    hosts: new KnownHosts(settings.hosts),
    token,
    scrubber,
    logger: told,
  });
  return {
    load: async () => mcp?.load(),
    dispatch: (request, response) => dispatcher.dispatch(request, response),
    stop() {
      events.stop();
      mcp?.stop();
      calling.stop();
      logLevel.stop();
      loop.stop();
    },
  };
}

/** The events of the page. */
function eventsRoute(events: EventHub): AdminRoute {
  return {
    method: 'GET',
    path: '/events',
    needs: 'reading',
    async handle({ response }) {
      await events.add(response);
      return undefined;
    },
  };
}

function methodsOf({ services }: KunGrpcServer): string[] {
  return [...services.values()].flatMap((service) => Object.values(service).map(({ path }) => path));
}
