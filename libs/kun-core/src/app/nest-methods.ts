import type { Server } from 'node:http';
import { ServerGrpc, type MicroserviceOptions, type NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { LifecycleState } from '../lifecycle/lifecycle.js';
import { EntranceError } from '../wiring/entrance.js';
import type { WantedParts } from './phases/parts.js';

/** Dependencies of `nestMethods`. */
export interface NestMethodsParts {
  readonly nest: NestExpressApplication;
  readonly state: () => LifecycleState;
  /** The port override of a test, which takes precedence, and `HTTPServer.Port`. */
  readonly httpPort: { readonly override: number | undefined; readonly configured: number | undefined };
  readonly start: (wanted: WantedParts) => Promise<void>;
  /** Also stops on these signals. */
  readonly listenTo: (signals: readonly string[]) => void;
}

/**
 * Nest's application methods that open, connect or end something. Each does what Nest users expect within kun's start
 * and stop, or throws an {@link EntranceError} that says what to write instead.
 */
export function nestMethods({ nest, state, httpPort, start, listenTo }: NestMethodsParts) {
  const microservices: NestMicroservice[] = [];
  return {
    /** Started in addition to what the configuration says. */
    microservices,

    /** `app.start()` with an HTTP port. */
    async listen(port: number | string, ...rest: unknown[]): Promise<Server> {
      const number = tcpPort(port);
      const host = typeof rest[0] === 'string' ? rest[0] : undefined;
      if (state() !== 'idle') {
        throw new EntranceError(
          `app.listen(${port}) starts the application, but it is already ${state()}: remove app.start(), or set ` +
            'HTTPServer.Port instead of calling app.listen',
        );
      }
      const { override, configured } = httpPort;
      if (override === undefined && configured !== undefined && configured !== number) {
        throw new EntranceError(
          `app.listen(${port}) and HTTPServer.Port, which is ${configured}, specify two different HTTP ports: call ` +
            'app.start() to use the configured one, or remove it from the configuration',
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
          `app.connectMicroservice(...) must be called before the start, but the application is already ${state()}; ` +
            'call it in KunFactory.run(AppModule, { prepare: (app) => ... })',
        );
      }
      const microservice = nest.connectMicroservice(options, hybrid) as unknown as NestMicroservice;
      if (Reflect.get(microservice, 'serverInstance') instanceof ServerGrpc) {
        throw new EntranceError(
          'app.connectMicroservice(...) would open a second gRPC server without drain, probes or metrics: set the ' +
            'proto in KunModule.forRoot({ proto }), and the port in GRPCServer.Port',
        );
      }
      microservices.push(microservice);
      return microservice;
    },

    async startAllMicroservices(): Promise<never> {
      throw new EntranceError(
        'app.startAllMicroservices() is part of the start: remove the call; app.start(), app.listen(port) and ' +
          'KunFactory.run start what app.connectMicroservice connected, and the shutdown drains it',
      );
    },

    async init(): Promise<never> {
      throw new EntranceError(
        'app.init() would run the init hooks without ports, probes or shutdown: call app.start(); in tests ' +
          'startTestService from @kun/core/testing starts on free ports',
      );
    },

    /** The hooks run on SIGTERM and SIGINT anyway; other signals are added. */
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
