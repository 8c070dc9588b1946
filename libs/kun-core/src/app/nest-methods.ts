import type { Server } from 'node:http';
import { ServerGrpc, type MicroserviceOptions, type NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { LifecycleState } from '../lifecycle/lifecycle.js';
import { EntranceError } from '../wiring/entrance.js';
import type { WantedParts } from './phases/parts.js';

/** What Nest's own methods need of the application. */
export interface NestMethodsDeps {
  readonly nest: NestExpressApplication;
  readonly state: () => LifecycleState;
  /** The port that a test asks for, which wins over all, and that of `HTTPServer.Port`. */
  readonly httpPort: { readonly override: number | undefined; readonly configured: number | undefined };
  readonly start: (wanted: WantedParts) => Promise<void>;
  /** Stops at these signals, too. */
  readonly listenTo: (signals: readonly string[]) => void;
}

/**
 * The methods of a Nest application that open, connect or end something: each does what a user of Nest expects of it
 * within kun's start and stop, or throws an {@link EntranceError} that says what to write instead.
 */
export function nestMethods({ nest, state, httpPort, start, listenTo }: NestMethodsDeps) {
  const microservices: NestMicroservice[] = [];
  return {
    /** What `start` shall start besides what the configuration says. */
    microservices,

    /** `app.start()` with an HTTP port. */
    async listen(port: number | string, ...rest: unknown[]): Promise<Server> {
      const number = tcpPort(port);
      const host = typeof rest[0] === 'string' ? rest[0] : undefined;
      if (state() !== 'idle') {
        throw new EntranceError(
          `app.listen(${port}) starts the application, which is ${state()} already: leave out app.start(), or set ` +
            'HTTPServer.Port in place of app.listen',
        );
      }
      const { override, configured } = httpPort;
      if (override === undefined && configured !== undefined && configured !== number) {
        throw new EntranceError(
          `app.listen(${port}) and HTTPServer.Port, which is ${configured}, name two HTTP ports: call ` +
            'app.start() for the one of the configuration, or take that out of it',
        );
      }
      await start({ http: { port: override ?? number, host } });
      const server = nest.getHttpServer();
      const callback = rest.at(-1);
      if (typeof callback === 'function') callback();
      return server;
    },

    connectMicroservice(options: MicroserviceOptions, hybrid?: object): NestMicroservice {
      if (state() !== 'idle') {
        throw new EntranceError(
          `app.connectMicroservice(...) comes before the start: the application is ${state()} already; ` +
            'call it in KunFactory.run(AppModule, { prepare: (app) => ... })',
        );
      }
      const microservice = nest.connectMicroservice(options, hybrid) as unknown as NestMicroservice;
      if (Reflect.get(microservice, 'serverInstance') instanceof ServerGrpc) {
        throw new EntranceError(
          'app.connectMicroservice(...) would open a second gRPC server, without drain, probes or metrics: name the ' +
            'proto in KunModule.forRoot({ proto }), and the port in GRPCServer.Port',
        );
      }
      microservices.push(microservice);
      return microservice;
    },

    async startAllMicroservices(): Promise<never> {
      throw new EntranceError(
        'app.startAllMicroservices() is part of the start here: leave it out; app.start(), app.listen(port) and ' +
          'KunFactory.run start what app.connectMicroservice connected, and the stop drains it',
      );
    },

    async init(): Promise<never> {
      throw new EntranceError(
        'app.init() would run the init hooks without ports, probes or a stop: call app.start(); in tests ' +
          'startTestService of @kun/core/testing starts on free ports',
      );
    },

    /** The hooks run at SIGTERM and SIGINT anyway; other signals are added. */
    enableShutdownHooks(signals: readonly string[] = []): NestExpressApplication {
      listenTo(signals.map((signal) => signal.toUpperCase().trim()));
      return nest;
    },
  };
}

function tcpPort(port: number | string): number {
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 65535) return number;
  throw new EntranceError(
    `app.listen(${JSON.stringify(port)}): expected a TCP port from 1 to 65535, or 0 for any free one`,
  );
}
