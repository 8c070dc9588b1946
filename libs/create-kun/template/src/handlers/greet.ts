import { Configuration } from '@kun/config';
import { Identity, invalidArgument, type Handlers } from '@kun/core';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { GreetingConfig } from '../config/greeting.js';
import type {
  GreetRequest,
  GreetResponse,
  __Proto__ServiceImplementation,
} from '../gen/__proto_path__/__proto_file__.js';

@Controller()
export class GreetHandler implements Pick<Handlers<__Proto__ServiceImplementation>, 'greet'> {
  constructor(
    private readonly identity: Identity,
    private readonly config: Configuration<GreetingConfig>,
  ) {}

  @GrpcMethod('__Proto__Service')
  greet({ name }: GreetRequest): GreetResponse {
    if (name === '') throw invalidArgument('name must not be empty');
    // Read for each call: a change of the file takes effect at once.
    const { Salutation } = this.config.value.Greeting;
    return { text: `${Salutation} ${name}, this is ${this.identity.instance}` };
  }
}
