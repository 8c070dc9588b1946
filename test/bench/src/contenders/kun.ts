import { fileURLToPath } from 'node:url';
import { currentCall, KunFactory, KunModule } from '@kun/core';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { EMPTY, map, type Observable } from 'rxjs';
import { contend, versionsOf } from '../contender-process.js';
import { PACKAGE, PROTO_PATH } from '../echo-proto.js';
import { INSTANCE } from '../scenarios.js';
import type { EchoRequest, EchoResponse, WatchEvent, WatchRequest } from './echo.messages.js';

/** The layer of configuration (`off`, `on` or `content`), and the engine. */
const [, , variant = 'on', engine = 'kun'] = process.argv;

@Controller()
class EchoController {
  private readonly tagged = variant !== 'off';

  @GrpcMethod('EchoService')
  echo({ message }: EchoRequest): EchoResponse {
    if (this.tagged) currentCall()?.tags.set('account', 'a-1');
    return { message, instance: INSTANCE };
  }

  @GrpcMethod('EchoService')
  async *watch({ count }: WatchRequest): AsyncGenerator<WatchEvent> {
    if (this.tagged) currentCall()?.tags.set('account', 'a-1');
    for (let seq = 1; seq <= count; seq++) yield { seq: String(seq), message: 'event' };
  }

  @GrpcStreamMethod('EchoService')
  collect(): Observable<never> {
    return EMPTY;
  }

  @GrpcStreamMethod('EchoService')
  chat(requests: Observable<EchoRequest>): Observable<EchoResponse> {
    if (this.tagged) currentCall()?.tags.set('account', 'a-1');
    return requests.pipe(map(({ message }) => ({ message, instance: INSTANCE })));
  }
}

@Module({
  imports: [
    KunModule.forRoot({
      service: 'bench',
      // Compiled, this file lies in .cache/bench/dist/contenders.
      base: fileURLToPath(new URL('../../../../test/bench', import.meta.url)),
      proto: { package: PACKAGE, path: PROTO_PATH },
    }),
  ],
  controllers: [EchoController],
})
class AppModule {}

/** kun, configured by a file of test/bench/conf; its log goes where a service's goes, to standard output. */
contend(async ({ spanSink, tls }) => {
  const app = await KunFactory.create(AppModule, {
    env: { KUN_CLUSTER: variant, KUN_INSTANCE: INSTANCE },
    ports: { grpc: 0, admin: 0 },
    overrides: {
      GRPCServer: { Engine: engine, ...(tls && { TLS: { Cert: tls.certPath, Key: tls.keyPath } }) },
      ...(variant !== 'off' && { Zipkin: { Hosts: [spanSink] } }),
    },
  });
  await app.start();
  return {
    port: app.ports.grpc ?? 0,
    metricsUrl: `http://127.0.0.1:${app.ports.admin}/metrics`,
    packages: versionsOf(import.meta.url, [
      '@kun/core',
      '@grpc/grpc-js',
      '@nestjs/core',
      '@nestjs/microservices',
    ]),
    stop: () => app.close(),
  };
});
