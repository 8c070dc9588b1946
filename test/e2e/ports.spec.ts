import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Client } from '@grpc/grpc-js';
import type { ExportOutcome, SpanExporter } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { kindsController } from './kinds-controller.js';

@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }
}

let service: TestService;
afterEach(() => service.close());

const module = () => kindsModule({ controllers: [kindsController({}), HelloController] });

describe('the admin and the HTTP port', () => {
  it('listen on the addresses they are given', async () => {
    const overrides = { Admin: { Address: '127.0.0.1' }, HTTPServer: { Address: '127.0.0.1' } };
    service = await startTestService(module(), { ports: { http: 0 }, overrides });
    const { http = 0, admin = 0 } = service.app.ports;
    for (const port of [http, admin]) {
      expect(await answers('127.0.0.1', port)).toBe(true);
      for (const address of otherAddresses()) expect(await answers(address, port)).toBe(false);
    }
  });

  it.each([
    ['Admin', 'Admin.Address'],
    ['HTTPServer', 'HTTPServer.Address'],
  ])('%s: an address of another machine is told with its key', async (section, key) => {
    const overrides = { [section]: { Address: '203.0.113.1' } };
    const failing = startTestService(module(), { ports: { http: 0 }, overrides });
    await expect(failing).rejects.toThrow(key);
    service = await startTestService(module());
  });

  it('do not say what they are made of', async () => {
    service = await startTestService(module(), { ports: { http: 0 } });
    for (const url of [`${service.httpUrl}/hello`, `${service.httpUrl}/none`, `${service.adminUrl}/livez`]) {
      expect((await fetch(url)).headers.get('x-powered-by')).toBeNull();
    }
  });

  it('/metrics speaks OpenMetrics and gzip to those who ask for it', async () => {
    service = await startTestService(module());
    const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';
    const answer = await fetch(`${service.adminUrl}/metrics`, {
      headers: { accept, 'accept-encoding': 'gzip' },
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const text = await answer.text();
    expect(text).toMatch(/^# TYPE grpc_server_handled counter$/m);
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(await service.metrics()).toMatch(/^# TYPE grpc_server_handled_total counter$/m);
  });
});

describe('Tracing.TrustCallers', () => {
  it.each([
    ['yes', 300, 300],
    ['capped', 100, 299],
    ['no', 0, 0],
  ])('%s: with a ratio of 0, callers who ask have this much recorded', async (trust, least, most) => {
    let recorded = 0;
    const recorder: SpanExporter = {
      export(spans: readonly object[], report: (outcome: ExportOutcome) => void) {
        recorded += spans.length;
        report({ code: 0 });
      },
      shutdown: () => Promise.resolve(),
    };
    const TrustCallers = trust === 'capped' ? trust : trust === 'yes';
    service = await startTestService(module(), {
      spanExporters: [recorder],
      overrides: { Tracing: { SampleRatio: 0, TrustCallers } },
    });
    const client = service.grpcClient<Client>(KINDS);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await Promise.all(
      Array.from({ length: 300 }, () => call(client, 'Unary', { metadata: { traceparent } })),
    );
    await service.close();
    expect(recorded).toBeGreaterThanOrEqual(least);
    expect(recorded).toBeLessThanOrEqual(most);
  });
});

function otherAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
