import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  credentials,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  status,
  type Client,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startCall } from '../e2e/call.js';
import { freePorts } from '../e2e/config-tree.js';
import { NODE, RunningProcess } from '../e2e/running-process.js';
import { serviceIn } from '../e2e/spawned-service.js';
import { blocksOf } from './markdown.js';
import { ROOT } from './published.js';

const PAGE = 'docs/migrating-from-nest.md';
const FIXTURE = join(ROOT, 'test/fixtures/plain-nest');
const steps = blocksOf(PAGE, readFileSync(join(ROOT, PAGE), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'kun-from-nest-'));
const stock = new Server();
let stockPort: number;

beforeAll(async () => {
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  stock.addService(serviceIn(join(FIXTURE, 'proto/stock.proto'), 'acme.stock.v1.StockService'), {
    Reserve: (
      { request }: { request: { sku: string } },
      answer: (error: null, value: { left: number }) => void,
    ) => answer(null, { left: request.sku === 'rare' ? 0 : 5 }),
  });
  stockPort = await new Promise<number>((resolve, reject) => {
    stock.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
});

afterAll(() => {
  stock.forceShutdown();
  rmSync(directory, { recursive: true, force: true });
});

describe('the plain Nest service', () => {
  it('is one that works, with what the page says that callers see of it', async () => {
    const project = join(directory, 'plain');
    cpSync(FIXTURE, project, { recursive: true });
    compile(project);
    await using service = await Running.start(project, (line) => line.includes('successfully started'));
    await expect(service.place('a', 1)).resolves.toMatchObject({ code: status.OK, messages: [{ id: '1' }] });
    await expect(service.place('rare', 1)).resolves.toMatchObject({ code: status.FAILED_PRECONDITION });
    await expect(service.place('', 0)).resolves.toMatchObject({ code: status.UNKNOWN });
    const stream = startCall(service.client, 'Follow', { requests: [{ sku: 'b' }] });
    await service.place('b', 1);
    service.process.kill('SIGTERM');
    // What it is left for.
    await expect(stream.outcome).resolves.toMatchObject({ code: status.CANCELLED });
  });
});

describe('the service after what the page says', () => {
  const project = join(directory, 'moved');
  let service: Running;

  beforeAll(async () => {
    cpSync(FIXTURE, project, { recursive: true });
    for (const { language, path, text } of steps) {
      if (language === 'diff') execFileSync('git', ['apply', '-p0', '-'], { cwd: project, input: text });
      else if (language === 'sh' && text.startsWith('rm '))
        execFileSync('sh', ['-ec', text], { cwd: project });
      else if (path !== undefined) {
        mkdirSync(dirname(join(project, path)), { recursive: true });
        writeFileSync(join(project, path), text);
      }
    }
    compile(project);
    service = await Running.start(project, (line) => line === 'serving');
  });

  afterAll(() => service[Symbol.asyncDispose]());

  it('answers as before where callers wanted it to', async () => {
    await expect(service.place('a', 2)).resolves.toMatchObject({
      code: status.OK,
      messages: [{ id: '1', sku: 'a', count: 2 }],
    });
    await expect(service.place('rare', 1)).resolves.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'rare is sold out',
    });
    const http = `http://127.0.0.1:${service.ports.http}`;
    expect(await (await fetch(`${http}/status`)).json()).toEqual({ region: 'eu' });
  });

  it('tells callers what was wrong with a request', async () => {
    const { code, details } = await service.place('', 0);
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toContain('sku');
  });

  it('has health, metrics and lines where the page says', async () => {
    const admin = `http://127.0.0.1:${service.ports.admin}`;
    expect(await (await fetch(`${admin}/readyz`)).json()).toMatchObject({
      info: { database: { status: 'up' } },
    });
    expect(await (await fetch(`${admin}/metrics`)).text()).toMatch(/^orders_placed_total [1-9]/m);
    const [line] = service.process.withMessage('ordered 2 of a');
    expect(line).toMatchObject({ level: 'info', service: 'orders', request_id: expect.any(String) });
  });

  it('ends streams UNAVAILABLE when it stops, closes its pool after them, and exits 0', async () => {
    const stream = startCall(service.client, 'Follow', { requests: [{ sku: 'b' }] });
    await call(service.client, 'Place', { requests: [{ sku: 'b', count: 1 }] });
    await stream.received(1);
    service.process.kill('SIGTERM');
    await expect(stream.outcome).resolves.toMatchObject({ code: status.UNAVAILABLE });
    await expect(service.process.end).resolves.toEqual({ code: 0, signal: null });
    const order = service.process.lines.map(({ msg }) => msg);
    expect(order.indexOf('finished call')).toBeLessThan(order.indexOf('the pool is closed'));
  });
});

function compile(project: string): void {
  execFileSync(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project], { stdio: 'pipe' });
}

/** A service in a process of its own, with the ports and the environment that both have. */
class Running {
  private constructor(
    readonly process: RunningProcess,
    readonly client: Client,
    readonly ports: { readonly http: number; readonly admin: number },
  ) {}

  static async start(project: string, started: (message: string) => boolean): Promise<Running> {
    const [grpc, http = 0, admin = 0] = await freePorts(3);
    const process = new RunningProcess(NODE, ['dist/main.js'], {
      cwd: project,
      env: {
        GRPC_PORT: String(grpc),
        HTTP_PORT: String(http),
        KUN_CONF__ADMINPORT: String(admin),
        KUN_CONF__GRPCSERVER__STREAMGRACEPERIOD: '0.1',
        STOCK_URL: `127.0.0.1:${stockPort}`,
        REGION: 'eu',
      },
    });
    if (!(await process.line(({ msg }) => started(msg))))
      throw new Error(`${process.stderr}${process.stdout}`);
    const service = serviceIn(join(FIXTURE, 'proto/orders.proto'), 'acme.orders.v1.OrdersService');
    const OrdersClient = makeGenericClientConstructor(service, 'OrdersService');
    const client = new OrdersClient(`127.0.0.1:${grpc}`, credentials.createInsecure());
    return new Running(process, client, { http, admin });
  }

  place(sku: string, count: number) {
    return call(this.client, 'Place', { requests: [{ sku, count }] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.process[Symbol.asyncDispose]();
  }
}
