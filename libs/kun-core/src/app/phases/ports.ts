import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createAdminServer } from '../../admin/admin-server.js';
import { closeHttpServer, watchIdleConnections } from '../../lifecycle/http-port.js';
import { handlerPlaces } from '../../server/answer/nest/handler-coverage.js';
import { operatorOf } from './operator.js';
import type { DeclaredPhase } from './parts.js';
import { PortError } from '../../transport/port-error.js';

/** First up, so that probes can tell a slow start from a dead process, and last down. */
export const adminPort: DeclaredPhase = {
  name: 'admin port',
  limit: 1000,
  what: 'probes and metrics go',
  in(parts) {
    const { settings, readiness, liveness, startup, meter, ports } = parts;
    const { pino } = parts.logger;
    if (!parts.opensPorts) return { stop: () => readiness.enter('stopped') };
    const operator = settings.admin && operatorOf(parts);
    const admin =
      settings.admin &&
      createAdminServer({
        port: settings.admin.port,
        host: settings.admin.address,
        readiness,
        liveness,
        startup,
        metrics: meter,
        operator,
        logger: { log: (message) => pino.info(message), warn: (message) => pino.warn(message) },
      });
    return {
      async start() {
        await operator?.load();
        if (admin) ports.admin = (await admin.start()).port;
      },
      async stop() {
        operator?.stop();
        await admin?.stop();
        readiness.enter('stopped');
      },
    };
  },
};

/** The gRPC port. */
export const grpcPort: DeclaredPhase = {
  name: 'gRPC port',
  limit: { key: 'GRPCServer.GrpcGracefulStopTimeout', ms: ({ grpc }) => grpc.drainTimeoutMs },
  keepsLimit: true,
  what: 'GOAWAY; streams end after `GRPCServer.StreamGracePeriod`; what is left at the limit is forced',
  in({ server, transport, settings, modules, ports, opensPorts }) {
    const { port, address, streamGraceMs } = settings.grpc;
    return {
      async start() {
        const places = handlerPlaces(modules);
        if (!opensPorts) return server.startWithoutPort(transport.handlers, places);
        const listen = { port, host: address };
        ports.grpc = await server.start(transport.handlers, listen, places);
      },
      async stop({ force, limitMs }) {
        const { drained, ended, forced } = await server.drain({ streamGraceMs, timeoutMs: limitMs, force });
        return {
          clean: forced.length === 0,
          facts: { drained, ended, forced: forced.length, forced_calls: forced },
        };
      },
    };
  },
};

/** The user's HTTP routes, if a port is configured for them. */
export const httpPort: DeclaredPhase = {
  name: 'HTTP port',
  // The 3 seconds that kunapp allows.
  limit: 3000,
  where: { text: 'where there is one', configured: ({ http }) => http !== undefined },
  keepsLimit: true,
  what: 'requests in flight end',
  in({ nest, clock, http, ports }) {
    if (!http) return undefined;
    const server = nest.getHttpServer();
    const connections = watchIdleConnections(server);
    return {
      async start() {
        try {
          await (http.host === undefined ? nest.listen(http.port) : nest.listen(http.port, http.host));
        } catch (cause) {
          throw new PortError(http.source, http.port, cause);
        }
        const address = server.address();
        ports.http = typeof address === 'object' && address ? address.port : http.port;
      },
      async stop({ force, limitMs }) {
        const { forced } = await closeHttpServer(server, connections, clock, { timeoutMs: limitMs, force });
        return { clean: !forced };
      },
    };
  },
};

/** Transports other than gRPC (`app.connectMicroservice`). No message is accepted before the other ports are open. */
export const microservicePorts: DeclaredPhase = {
  name: 'microservices',
  limit: 5000,
  where: { text: 'where one is connected', configured: () => false },
  what: "Nest's other transports close",
  in({ nest, microservices }) {
    if (microservices.length === 0) return undefined;
    return {
      async start() {
        await Promise.all(microservices.map((microservice) => microservice.listen()));
      },
      async stop() {
        await Promise.all(microservices.map((microservice) => close(nest, microservice)));
      },
    };
  },
};

/**
 * Closes it while everything its handlers use still exists. Nest would close it after the destroy hooks and must not do
 * so again.
 */
async function close(nest: NestExpressApplication, microservice: NestMicroservice): Promise<void> {
  const connected: unknown[] = nest.getMicroservices();
  const index = connected.indexOf(microservice);
  if (index >= 0) connected.splice(index, 1);
  // As Nest does for a connected microservice: the application runs the hooks.
  microservice.setIsTerminated(true);
  await microservice.close();
}
