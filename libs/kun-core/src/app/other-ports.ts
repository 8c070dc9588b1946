import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Clock } from '../clock.js';
import { closeConnectionsWhenIdle, closeHttpServer, explainListenError } from '../lifecycle/http-port.js';
import type { Phase } from '../lifecycle/phase.js';

/** What `main.ts` asked for, besides the configuration. */
export interface WantedParts {
  /** `app.listen(port, host)`. */
  readonly http?: { readonly port: number; readonly host?: string | undefined } | undefined;
  /** `app.connectMicroservice(...)`. */
  readonly microservices?: readonly NestMicroservice[];
}

/** What the HTTP port is made of. */
export interface HttpParts {
  readonly clock: Clock;
  /** `key` names in messages what asked for the port. Default: no HTTP port */
  readonly http:
    { readonly port: number; readonly host?: string | undefined; readonly key: string } | undefined;
}

/** The user's HTTP routes, where there is a port for them. */
export function httpPhase(
  nest: NestExpressApplication,
  { clock, http }: HttpParts,
  ports: { http?: number },
): Phase[] {
  if (!http) return [];
  const server = nest.getHttpServer();
  return [
    {
      name: 'HTTP port',
      async start() {
        closeConnectionsWhenIdle(server);
        try {
          await (http.host === undefined ? nest.listen(http.port) : nest.listen(http.port, http.host));
        } catch (cause) {
          throw explainListenError(cause, http.key, http.port);
        }
        const address = server.address();
        ports.http = typeof address === 'object' && address ? address.port : http.port;
      },
      async stop({ force, limitMs }) {
        const { forced } = await closeHttpServer(server, clock, { timeoutMs: limitMs, force });
        return { clean: !forced };
      },
    },
  ];
}

/** Other transports than gRPC (`app.connectMicroservice`): no message comes before the ports are open. */
export function microservicesPhase(
  nest: NestExpressApplication,
  { microservices = [] }: WantedParts,
): Phase[] {
  if (microservices.length === 0) return [];
  return [
    {
      name: 'microservices',
      async start() {
        await Promise.all(microservices.map((microservice) => microservice.listen()));
      },
      async stop() {
        await Promise.all(microservices.map((microservice) => close(nest, microservice)));
      },
    },
  ];
}

/** While all that its handlers use is there; Nest itself would close it after the destroy hooks, and must not again. */
async function close(nest: NestExpressApplication, microservice: NestMicroservice): Promise<void> {
  const connected: unknown[] = nest.getMicroservices();
  const index = connected.indexOf(microservice);
  if (index >= 0) connected.splice(index, 1);
  // As Nest does with a connected one: the hooks are the application's to run.
  microservice.setIsTerminated(true);
  await microservice.close();
}
