import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../e2e/config-tree.js';
import { greet } from './greeter-client.js';
import { INSTALL_TIMEOUT_MS, PackedProject } from './packed-project.js';
import { readManifest } from './published.js';

/** Imported beside kun by the service below; each at the oldest version that its range allows. */
const OLDEST = oldestOf(readManifest('kun-core').peerDependencies);

const SERVICE: Readonly<Record<string, string>> = {
  'greeter.proto': `
syntax = "proto3";
package acme.greeter.v1;
service GreeterService { rpc Greet(GreetRequest) returns (GreetResponse); }
message GreetRequest { string name = 1; }
message GreetResponse { string text = 1; }
`,
  'src/greeter.controller.ts': `
import { Metadata, status } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { GrpcMethod, RpcException } from '@nestjs/microservices';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Counter } from 'prom-client';

const asked = new Counter({ name: 'asked_total', help: 'Registered with the process', labelNames: ['name'] });

@Controller()
export class GreeterController {
  constructor(
    private readonly log: PinoLogger,
    @InjectPinoLogger('named') private readonly named: PinoLogger,
    @InjectMetric('greeted_total') private readonly greeted: Counter,
  ) {}

  @GrpcMethod('GreeterService')
  greet({ name }: { name: string }, metadata: Metadata): { text: string } {
    if (name === '') throw new RpcException({ code: status.INVALID_ARGUMENT, message: 'no name' });
    asked.inc({ name });
    this.greeted.inc();
    this.log.info({ name }, 'greeting');
    this.named.info('named');
    return { text: \`hello \${name} of \${metadata.get('from').join()}\` };
  }
}
`,
  'src/app.module.ts': `
import { KunModule, Readiness } from '@kun/core';
import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { z } from 'zod';
import { GreeterController } from './greeter.controller.js';

@Module({
  imports: [
    KunModule.forRoot({
      service: 'greeter',
      proto: { package: 'acme.greeter.v1', path: 'greeter.proto' },
      config: { schemas: [z.object({ Greeting: z.object({ Loud: z.boolean() }) })] },
    }),
  ],
  controllers: [GreeterController],
  providers: [makeCounterProvider({ name: 'greeted_total', help: 'By the provider' }), HealthIndicatorService],
})
export class AppModule {
  constructor(readiness: Readiness, health: HealthIndicatorService) {
    readiness.addCheck('own', () => {
      if ('down' in health.check('own').up()) throw new Error('down');
    });
  }
}
`,
  'src/main.ts': `
import { KunFactory } from '@kun/core';
import { trace } from '@opentelemetry/api';
import pino from 'pino';
import { AppModule } from './app.module.js';

if (typeof pino !== 'function' || !trace) throw new Error('unreachable');
await KunFactory.run(AppModule);
`,
};

const project = new PackedProject();

describe('a service with the oldest of each peer', () => {
  let grpcPort: number | undefined;
  let adminPort: number | undefined;

  beforeAll(async () => {
    for (const [path, text] of Object.entries(SERVICE)) project.write(path, text);
    [grpcPort, adminPort] = await freePorts(2);
    project.write('conf/greeter/public.yaml', {
      AdminPort: adminPort,
      GRPCServer: { Port: grpcPort },
      Greeting: { Loud: true },
    });
    await project.install(OLDEST);
  }, INSTALL_TIMEOUT_MS);

  afterAll(() => project.remove(), INSTALL_TIMEOUT_MS);

  it('has one copy of each, of the version asked for', () => {
    for (const [name, version] of Object.entries(OLDEST)) {
      expect(copiesOf(name, project.directory), name).toEqual([version]);
    }
  });

  it('compiles', async () => {
    const errors = await project.compile();
    expect(errors.filter((error) => error.startsWith('src/'))).toEqual([]);
    expect(errors.filter((error) => error.includes('@kun/'))).toEqual([]);
  });

  it('has its loggers, counters, checks and errors heard', async () => {
    await project.start();
    const { messages } = await greet(project.directory, grpcPort, 'Ada', { from: 'test' });
    expect(messages).toEqual([{ text: 'hello Ada of test' }]);
    expect(await greet(project.directory, grpcPort, '')).toMatchObject({ code: 3, details: 'no name' });

    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    expect(metrics).toContain('asked_total{name="Ada"} 1');
    expect(metrics).toContain('greeted_total 1');
    expect(metrics).toMatch(/grpc_server_handled_total\{[^}]*grpc_code="OK"[^}]*\} 1/);
    const ready = await (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).json();
    expect(ready).toMatchObject({ status: 'ok', details: { own: { status: 'up' } } });

    expect(await project.stop()).toEqual({ code: 0, signal: null });
    const { lines } = project;
    const greeting = lines.find(({ msg }) => msg === 'greeting');
    expect(greeting).toMatchObject({ name: 'Ada', service: 'greeter', request_id: expect.any(String) });
    expect(lines.find(({ msg }) => msg === 'named')).toMatchObject({
      context: 'named',
      request_id: greeting?.['request_id'],
    });
  });
});

/** The first version of each range that a service itself meets; what kun loads when configured is not among them. */
function oldestOf(ranges: Readonly<Record<string, string>>): Record<string, string> {
  const optional =
    /^(?:@opentelemetry\/(?!api)|@modelcontextprotocol\/|pino-pretty|@bufbuild\/protovalidate)/;
  return Object.fromEntries(
    Object.entries(ranges)
      .filter(([name]) => !optional.test(name))
      .map(([name, range]) => [name, /\d+\.\d+\.\d+/.exec(range)?.[0] ?? range]),
  );
}

/** The versions of all copies of a package below a directory. */
function copiesOf(name: string, directory: string): string[] {
  const modules = join(directory, 'node_modules');
  return readdirSync(modules, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path === join(name, 'package.json') || path.endsWith(join('node_modules', name, 'package.json')),
    )
    .map((path) => (JSON.parse(readFileSync(join(modules, path), 'utf8')) as { version: string }).version);
}
