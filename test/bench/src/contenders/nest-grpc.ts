import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod, GrpcStreamMethod, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { EMPTY, map, range, type Observable } from 'rxjs';
import { contend, versionsOf } from '../contender-process.js';
import { credentialsOf } from '../grpc-js-credentials.js';
import { LOADER_OPTIONS, PACKAGE, PROTO_PATH } from '../echo-proto.js';
import { freePort } from '../free-port.js';
import { INSTANCE } from '../scenarios.js';
import type { EchoRequest, EchoResponse, WatchEvent, WatchRequest } from './echo.messages.js';

@Controller()
class EchoController {
  @GrpcMethod('EchoService')
  echo({ message }: EchoRequest): EchoResponse {
    return { message, instance: INSTANCE };
  }

  @GrpcMethod('EchoService')
  watch({ count }: WatchRequest): Observable<WatchEvent> {
    return range(1, count).pipe(map((seq) => ({ seq: String(seq), message: 'event' })));
  }

  @GrpcStreamMethod('EchoService')
  collect(): Observable<never> {
    return EMPTY;
  }

  @GrpcStreamMethod('EchoService')
  chat(requests: Observable<EchoRequest>): Observable<EchoResponse> {
    return requests.pipe(map(({ message }) => ({ message, instance: INSTANCE })));
  }
}

@Module({ controllers: [EchoController] })
class AppModule {}

/** Nest's own gRPC transport, with nothing on. */
contend(async ({ tls }) => {
  // Nest does not tell which port it got when asked for any.
  const port = await freePort();
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
    logger: false,
    transport: Transport.GRPC,
    options: {
      url: `127.0.0.1:${port}`,
      package: PACKAGE,
      protoPath: PROTO_PATH,
      loader: LOADER_OPTIONS,
      credentials: credentialsOf(tls),
    },
  });
  await app.listen();
  return {
    port,
    packages: versionsOf(import.meta.url, ['@grpc/grpc-js', '@nestjs/core', '@nestjs/microservices']),
    stop: () => app.close(),
  };
});
