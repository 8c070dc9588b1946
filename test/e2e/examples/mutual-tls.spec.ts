import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  credentials,
  makeGenericClientConstructor,
  status,
  type ChannelCredentials,
  type Client,
  type ServiceError,
} from '@grpc/grpc-js';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireDebianPackages } from '../../peers/debian-packages.js';
import { serviceIn } from '../spawned-service.js';
import { buildExample, folderOf, rootOf } from './build-example.js';

const run = promisify(execFile);

interface Shop {
  offer(request: { sku: string }): Promise<{ text: string }>;
}
type StockClient = Client & {
  count(request: object, done: (error: ServiceError | null, answer: object) => void): void;
};

describe('examples/mutual-tls', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kun-certificates-'));
  const certificates = join(directory, 'certificates');
  const read = (name: string) => readFileSync(join(certificates, name));
  let stock: TestService | undefined;
  let shop: TestService | undefined;

  beforeAll(async () => {
    await requireDebianPackages('openssl');
    const script = join(folderOf('mutual-tls'), 'make-certificates.sh');
    await run('sh', [script, certificates, 'stock', 'shop', 'intruder']);
    const load = await buildExample('mutual-tls');
    const env = { CERTIFICATES: certificates };
    stock = await startTestService(rootOf(await load('stock/stock.module.js'), 'StockModule'), { env });
    const port = stock.grpcAddress.split(':')[1];
    shop = await startTestService(rootOf(await load('shop/shop.module.js'), 'ShopModule'), {
      env,
      overrides: { Upstreams: { stock: { Target: `localhost:${port}` } } },
    });
  }, 300_000);
  afterAll(async () => {
    await shop?.close();
    await stock?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('answers through an upstream that knows its caller by its certificate', async () => {
    const client = shop?.client<Shop>('examples.shop.v1.ShopService');
    expect(await client?.offer({ sku: 'A-1' })).toEqual({ text: '7 of A-1, said to shop' });
  });

  it('refuses a caller of the same authority who is not the shop', async () => {
    const intruder = credentials.createSsl(read('ca.crt'), read('intruder.key'), read('intruder.crt'));
    await expect(count(intruder)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: 'only spiffe://examples/shop may ask',
    });
  });

  it.each([
    ['without a certificate', () => credentials.createSsl(read('ca.crt'))],
    ['in plain text', () => credentials.createInsecure()],
    ['who does not trust the authority', () => credentials.createSsl()],
  ])('lets nobody in %s', async (_, make) => {
    await expect(count(make())).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  async function count(as: ChannelCredentials): Promise<object> {
    const definition = serviceIn(
      join(folderOf('mutual-tls'), 'proto/stock.proto'),
      'examples.stock.v1.StockService',
    );
    const Constructor = makeGenericClientConstructor(definition, 'Client');
    const address = `localhost:${stock?.grpcAddress.split(':')[1]}`;
    const client = new Constructor(address, as, { 'grpc.enable_retries': 0 }) as unknown as StockClient;
    try {
      return await new Promise((resolve, reject) =>
        client.count({ sku: 'A-1' }, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    } finally {
      client.close();
    }
  }
});
