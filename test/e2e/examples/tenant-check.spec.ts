import { Metadata, status, type Client, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import { fromServiceError, findDetail } from '@kun/core';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildExample, rootOf } from './build-example.js';
import { healthOf } from './health-of.js';

type Notes = Client & {
  add(
    request: object,
    metadata: Metadata,
    done: (error: ServiceError | null, answer: { count: number }) => void,
  ): void;
  list(request: object, metadata: Metadata): ClientReadableStream<{ text: string }>;
};

describe('examples/tenant-check', () => {
  let service: TestService;
  let notes: Notes;

  beforeAll(async () => {
    const load = await buildExample('tenant-check');
    service = await startTestService(rootOf(await load('app.module.js'), 'AppModule'));
    notes = service.grpcClient<Notes>('examples.notes.v1.NotesService');
  });
  afterAll(() => service.close());

  it('refuses a call without a tenant, and one of a tenant that it does not know', async () => {
    await expect(add('a')).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
      details: 'x-tenant is missing',
    });
    const error = await add('a', 'globex').catch((caught: unknown) => caught as ServiceError);
    expect(error).toMatchObject({ code: status.PERMISSION_DENIED });
    const info = findDetail(fromServiceError(error as ServiceError), 'google.rpc.ErrorInfo');
    expect(info).toMatchObject({ reason: 'UNKNOWN_TENANT' });
    // What an object has by itself is no tenant.
    await expect(add('a', 'constructor')).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });

  it('keeps the notes of tenants apart, within the limits of each', async () => {
    expect(await add('a', 'acme')).toEqual({ count: 1 });
    expect(await add('b', 'acme')).toEqual({ count: 2 });
    expect(await add('c', 'umbrella')).toEqual({ count: 1 });
    await expect(add('d', 'acme')).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await list('acme')).toEqual(['a', 'b']);
    expect(await list('umbrella')).toEqual(['c']);
    await expect(list()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it('counts and logs what was refused, and logs whose call it was', async () => {
    expect(await service.metrics()).toMatch(/grpc_server_handled_total\{.*"Add".*Unauthenticated.*\} 1\n/);
    const lines = service.logs.finishedCalls;
    expect(lines).toContainEqual(expect.objectContaining({ 'grpc.code': 'PermissionDenied' }));
    expect(lines).toContainEqual(expect.objectContaining({ tags: { tenant: 'umbrella' } }));
  });

  it('leaves health checks alone', async () => {
    expect(await healthOf(service)).toBe('SERVING');
  });

  function of(tenant?: string): Metadata {
    const metadata = new Metadata();
    if (tenant !== undefined) metadata.set('x-tenant', tenant);
    return metadata;
  }

  function add(text: string, tenant?: string): Promise<{ count: number }> {
    return new Promise((resolve, reject) =>
      notes.add({ text }, of(tenant), (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  }

  async function list(tenant?: string): Promise<string[]> {
    const texts: string[] = [];
    for await (const { text } of notes.list({}, of(tenant)) as AsyncIterable<{ text: string }>)
      texts.push(text);
    return texts;
  }
});
