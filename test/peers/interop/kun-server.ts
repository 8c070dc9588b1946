import { currentCall, KunModule, StatusError } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Module } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import {
  ECHO_INITIAL,
  ECHO_TRAILING,
  payloadOf,
  type Answer,
  type EchoStatus,
  type InputRequest,
  type OutputRequest,
  type SimpleRequest,
} from './messages.js';

/** What the official cases expect of a server, in the form of a kun service. */
@Controller()
class TestServiceController {
  @GrpcMethod('TestService')
  emptyCall(): object {
    return {};
  }

  @GrpcMethod('TestService')
  unaryCall(request: SimpleRequest): Answer {
    echoMetadata();
    echoStatus(request.response_status);
    return { payload: payloadOf(request.response_size ?? 0) };
  }

  @GrpcMethod('TestService')
  *streamingOutputCall(request: OutputRequest): Generator<Answer> {
    for (const { size } of request.response_parameters ?? []) yield { payload: payloadOf(size) };
  }

  @GrpcStreamMethod('TestService')
  async streamingInputCall(requests: AsyncIterable<InputRequest>): Promise<object> {
    let size = 0;
    for await (const { payload } of requests) size += payload.body.length;
    return { aggregated_payload_size: size };
  }

  @GrpcStreamMethod('TestService')
  async *fullDuplexCall(requests: AsyncIterable<OutputRequest>): AsyncGenerator<Answer> {
    echoMetadata();
    for await (const request of requests) {
      echoStatus(request.response_status);
      for (const { size } of request.response_parameters ?? []) yield { payload: payloadOf(size) };
    }
  }
}

function echoMetadata(): void {
  const { metadata, responseMetadata, responseTrailers } = currentCall()!;
  for (const value of metadata.get(ECHO_INITIAL)) responseMetadata.set(ECHO_INITIAL, value);
  for (const value of metadata.get(ECHO_TRAILING)) responseTrailers.set(ECHO_TRAILING, value);
}

function echoStatus(status: EchoStatus | null | undefined): void {
  if (status) throw new StatusError(status.code, status.message);
}

@Module({
  imports: [
    KunModule.forRoot({
      service: 'kinds',
      base: `${import.meta.dirname}/../../fixtures`,
      proto: { package: 'grpc.testing', path: `${import.meta.dirname}/interop.proto` },
    }),
  ],
  controllers: [TestServiceController],
})
class TestServiceModule {}

export function startKunServer(): Promise<TestService> {
  return startTestService(TestServiceModule);
}
