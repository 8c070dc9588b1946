import { once } from 'node:events';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { silentProbeLogger, type ProbeLogger } from '../lifecycle/checks.js';
import { watchIdleConnections, type IdleConnections } from '../lifecycle/http-port.js';
import type { Liveness } from '../lifecycle/liveness.js';
import type { Readiness } from '../lifecycle/readiness.js';
import type { Startup } from '../lifecycle/startup.js';
import { setSecurityHeaders } from './access/security-headers.js';
import { AdminModule } from './admin.module.js';
import type { MetricsSource } from './metrics-rendering.js';
import type { Operator } from './operator.js';
import { quietStart } from './quiet-start.js';
import { ADMIN_PORT, PortError } from '../transport/port-error.js';

/** Options of {@link createAdminServer}. */
export interface AdminServerOptions {
  /** Port to listen on; 0: any free one. */
  readonly port: number;
  /** Address to listen on. Default: all interfaces, since the kubelet connects from outside the pod. */
  readonly host?: string | undefined;
  readonly readiness: Readiness;
  readonly liveness: Liveness;
  readonly startup: Startup;
  /** The metrics to expose; the application's `Meter` is one. */
  readonly metrics: MetricsSource;
  /** The operator's endpoints. Default: none; only probes and metrics */
  readonly operator?: Pick<Operator, 'dispatch'> | undefined;
  /** How long requests in progress may take when the port closes, in milliseconds. Default 500. */
  readonly stopTimeoutMs?: number;
  /** Logs a request that fails through our own error, and the first failure of `/metrics`. Default: silent. */
  readonly logger?: ProbeLogger;
}

/** The admin port: `/livez`, `/readyz`, `/startupz`, `/metrics`, and the operator's endpoints. */
export interface AdminServer {
  /**
   * Listens, and returns the port.
   *
   * @throws {PortError} when the port cannot be opened; nothing is left open then.
   */
  start(): Promise<{ readonly port: number }>;
  /** Closes the port: idle connections are cut at once, requests in progress after `stopTimeoutMs`. */
  stop(): Promise<void>;
}

/**
 * Creates the admin port as a separate small Nest application, which listens before the user's application is
 * initialised and closes after it. It never touches Nest's logger, which belongs to the whole process.
 */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  let running: Promise<RunningServer> | undefined;
  let stopping: Promise<void> | undefined;
  return {
    async start() {
      if (running) throw new Error('the admin server was started before; make another one');
      running = startApplication(options);
      return { port: portOf((await running).app.getHttpServer()) };
    },
    stop() {
      stopping ??= stopApplication(running, options.stopTimeoutMs ?? 500);
      return stopping;
    },
  };
}

interface RunningServer {
  readonly app: INestApplication<Server>;
  readonly connections: IdleConnections;
}

async function startApplication(options: AdminServerOptions): Promise<RunningServer> {
  const app = await quietStart(() => makeApplication(options));
  const connections = watchIdleConnections(app.getHttpServer());
  try {
    // Not `app.listen`, which logs the error with its stack and throws it.
    await listen(app.getHttpServer(), options);
  } catch (error) {
    await app.close();
    throw new PortError(ADMIN_PORT, options.port, error);
  }
  return { app, connections };
}

async function makeApplication(options: AdminServerOptions): Promise<INestApplication<Server>> {
  const { readiness, liveness, startup, metrics, operator, logger = silentProbeLogger } = options;
  const adapter = new ExpressAdapter();
  adapter.disable('x-powered-by');
  adapter.disable('etag');
  const app = await NestFactory.create<INestApplication<Server>>(
    AdminModule.for({ readiness, liveness, startup, metrics, logger }),
    adapter,
    // No `logger` here: it would replace the logger of every application in the process. No flushing either: lines
    // that the user's application holds back until it has its logger are not ours to print.
    { abortOnError: false, autoFlushLogs: false, bodyParser: false },
  );
  app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    receive(request, response, next, operator);
  });
  return app.init();
}

async function listen(
  server: Server,
  { port, host, logger = silentProbeLogger }: AdminServerOptions,
): Promise<void> {
  server.listen(host === undefined ? { port } : { port, host });
  await once(server, 'listening'); // rejects on 'error'
  // The system could not hand over a connection. Unheard, it would end the process.
  server.on('error', ({ message }) => logger.warn(`the admin port lost a connection: ${message}`));
}

async function stopApplication(
  running: Promise<RunningServer> | undefined,
  timeoutMs: number,
): Promise<void> {
  const started = await running?.catch(() => undefined); // `start` has thrown it, and has cleaned up
  if (!started) return;
  const { app, connections } = started;
  const force = setTimeout(() => app.getHttpServer().closeAllConnections(), timeoutMs);
  const closed = app.close();
  connections.closeUnused();
  await closed;
  clearTimeout(force);
}

/** Prevents caching. */
function receive(
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
  operator: AdminServerOptions['operator'],
): void {
  setSecurityHeaders(response);
  if (operator?.dispatch(request, response)) return;
  if (request.method === 'GET' || request.method === 'HEAD') return next();
  response.statusCode = 405;
  response.setHeader('Allow', 'GET, HEAD');
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ error: STATUS_CODES[405] }));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('the admin server does not listen on a port');
  return address.port;
}
