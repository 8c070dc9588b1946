import { status } from '@grpc/grpc-js';
import {
  clientToken,
  KunClientModule,
  nestClientToken,
  type ProtoSource,
  type UpstreamOptions,
} from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller } from '@nestjs/common';
import { GrpcMethod, type ClientGrpc } from '@nestjs/microservices';
import { firstValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BareController,
  KeeperController,
  NextKeeperController,
  ZOO_CONTROLLERS,
} from '../fixtures/zoo/zoo-controllers.js';
import { zooModule, ZOO_PROTOS } from '../fixtures/zoo/zoo.js';

const includeDirs = ['zoo/proto', 'zoo/shared'];

type Method = (request: object) => Promise<object>;
type Methods = Readonly<Record<string, Method>>;

describe('what is served', () => {
  const start = (controllers: Parameters<typeof zooModule>[0], proto: ProtoSource | readonly ProtoSource[]) =>
    startTestService(zooModule(controllers, proto));

  it('may be some of the services, and the others are not there', async () => {
    const services = ['zoo.v2.Keeper', 'BareService'];
    const service = await start([NextKeeperController, BareController], { ...ZOO_PROTOS, services });
    const metrics = await service.metrics();
    expect(metrics).toContain('grpc_service="BareService"');
    expect(metrics).toContain('grpc_service="zoo.v2.Keeper"');
    expect(metrics).not.toContain('grpc_service="zoo.v1.Keeper"');
    await service.close();
  });

  it('may be two versions, each with its own handlers', async () => {
    const versions = ['v1', 'v2'].map((version) => ({ path: `zoo/${version}/keeper.proto`, includeDirs }));
    const service = await start([KeeperController, NextKeeperController], versions);
    expect(service.app.ports.grpc).toBeGreaterThan(0);
    await service.close();
  });

  it('is refused where one handler would answer two versions', async () => {
    @Controller()
    class BothController {
      @GrpcMethod('Keeper', 'Feed')
      feed(): object {
        return {};
      }
    }
    const services = ['zoo.v1.Keeper', 'zoo.v2.Keeper'];
    await expect(start([BothController], { ...ZOO_PROTOS, services })).rejects.toThrow(
      'handlers of more than one service: Keeper.Feed (single request) for /zoo.v1.Keeper/Feed and ' +
        '/zoo.v2.Keeper/Feed; name it with its package',
    );
  });

  it('is refused where a service is misspelt', async () => {
    await expect(start([], { ...ZOO_PROTOS, services: ['zoo.v1.Kepper'] })).rejects.toThrow(
      'has no service zoo.v1.Kepper; did you mean zoo.v1.Keeper?',
    );
  });
});

describe('what is called', () => {
  const UPSTREAMS: readonly UpstreamOptions[] = [
    { name: 'bare', path: 'bare.proto', includeDirs, service: 'BareService' },
    { name: 'first', path: 'zoo/v1/keeper.proto', includeDirs, service: 'Keeper' },
    { name: 'second', package: 'zoo.v2', path: 'zoo/v2/keeper.proto', includeDirs, service: 'Keeper' },
    {
      name: 'both',
      path: ['zoo/v1/keeper.proto', 'zoo/v2/keeper.proto'],
      includeDirs,
      service: 'zoo.v2.Keeper',
    },
    // Its own file imports the service.
    { name: 'imported', path: 'zoo/v1/scopes.proto', includeDirs, service: 'zoo.v2.Keeper' },
  ];
  let last: TestService;
  let first: TestService;
  beforeAll(async () => {
    last = await startTestService(zooModule(ZOO_CONTROLLERS));
    const upstreams = UPSTREAMS.map((options) => ({ ...options, target: last.grpcAddress }));
    first = await startTestService(
      zooModule([BareController], { path: 'bare.proto', includeDirs }, [KunClientModule.register(upstreams)]),
    );
  });
  afterAll(async () => {
    await first.close();
    await last.close();
  });
  const client = (name: string) => first.app.get<Methods>(clientToken(name));

  it('may be without a package', async () => {
    expect(await client('bare')['say']?.({ text: 'hi' })).toMatchObject({ text: 'hi', kind: 'BARE' });
    const nest = first.app.get<ClientGrpc>(nestClientToken('bare'));
    const bare = nest.getService<Record<string, (request: object) => Observable<object>>>('BareService');
    const answer = bare['say']?.({ text: 'ho' });
    expect(answer && (await firstValueFrom(answer))).toMatchObject({ text: 'ho' });
  });

  it('may be one of two versions, by its package or full name, or of an imported file', async () => {
    expect(await client('first')['feed']?.({ animal: 'bear' })).toMatchObject({
      request: { animal: 'bear' },
      paid_in: 'CURRENCY_EUR',
    });
    for (const name of ['second', 'both', 'imported']) {
      expect(await client(name)['feed']?.({ animal: '7' })).toEqual({ animals: ['7'] });
    }
  });

  it.each([
    [
      { service: 'Keeper' },
      'upstream "x": zoo/v1/keeper.proto, zoo/v2/keeper.proto: Keeper is zoo.v1.Keeper and',
    ],
    [{ service: 'Kepper', package: 'zoo.v2' }, 'has no service zoo.v2.Kepper; did you mean zoo.v2.Keeper?'],
    [{ service: 'Keeper', package: 'zoo.v3' }, 'no service in package "zoo.v3"'],
  ])('is refused at start where it is not clear: %j', async (options, message) => {
    const path = ['zoo/v1/keeper.proto', 'zoo/v2/keeper.proto'];
    const clients = KunClientModule.register([
      { name: 'x', path, includeDirs, target: 'localhost:1', ...options },
    ]);
    const root = zooModule([BareController], { path: 'bare.proto', includeDirs }, [clients]);
    await expect(startTestService(root)).rejects.toThrow(message);
  });

  it('is told when the server does not have it', async () => {
    const clients = KunClientModule.register([
      { name: 'x', path: 'zoo/v2/keeper.proto', includeDirs, service: 'Keeper', target: first.grpcAddress },
    ]);
    const service = await startTestService(
      zooModule([BareController], { path: 'bare.proto', includeDirs }, [clients]),
    );
    const keeper = service.app.get<Methods>(clientToken('x'));
    await expect(keeper['feed']?.({})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await service.close();
  });
});
