import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, formatProblem, loadConfig } from '@kun/config';
import { describe, expect, it } from 'vitest';
import { checkSettings } from '../check-settings.js';
import { settingsSchema, type Settings } from '../settings.js';

/** What a service with the client `cache` is told of this file. */
async function refusals(yaml: string): Promise<string[]> {
  const base = await mkdtemp(join(tmpdir(), 'upstreams-'));
  try {
    await mkdir(join(base, 'conf/echo'), { recursive: true });
    await writeFile(join(base, 'conf/echo/public.yaml'), yaml);
    await loadConfig({
      base,
      service: 'echo',
      cluster: 'default',
      instance: '1',
      env: {},
      schemas: [settingsSchema],
      checks: [
        (settings) => checkSettings(settings as Settings, { inKubernetes: false, upstreams: ['cache'] }),
      ],
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(
      (problem) =>
        formatProblem(problem)
          .replace(/^.*public\.yaml:/, '')
          .split('\n')[0] ?? '',
    );
  } finally {
    await rm(base, { recursive: true });
  }
}

describe('upstreams in a file', () => {
  it('are refused with the place and the likely word', async () => {
    const yaml = `
Upstreams:
  cache:
    Target: cache
    Erors: pass
    Retry:
      By: mehs
      Codes: [Unavailable, DEADLINE_EXCEDED, Cancelled]
    Methods:
      Get: { CalTimeout: 3 }
Routing:
  Allow: [AccountId, grpc-timeout]
`;
    expect(await refusals(yaml)).toMatchInlineSnapshot(`
      [
        "4:13 Upstreams.cache.Target: is not a host and port; write host:port, such as orders.shop.svc.cluster.local:50051, found the string "cache"",
        "5:5 Upstreams.cache.Erors: is not a known key; did you mean Upstreams.cache.Errors?",
        "7:11 Upstreams.cache.Retry.By: expected one of "app", "mesh", "off", found the string "mehs"; did you mean mesh?",
        "8:28 Upstreams.cache.Retry.Codes[1]: expected one of "CANCELLED", "Canceled", "UNKNOWN", "Unknown", "INVALID_ARGUMENT", "InvalidArgument", "DEADLINE_EXCEEDED", "DeadlineExceeded", "NOT_FOUND", "NotFound", "ALREADY_EXISTS", "AlreadyExists", "PERMISSION_DENIED", "PermissionDenied", "RESOURCE_EXHAUSTED", "ResourceExhausted", "FAILED_PRECONDITION", "FailedPrecondition", "ABORTED", "Aborted", "OUT_OF_RANGE", "OutOfRange", "UNIMPLEMENTED", "Unimplemented", "INTERNAL", "Internal", "UNAVAILABLE", "Unavailable", "DATA_LOSS", "DataLoss", "UNAUTHENTICATED", "Unauthenticated", found the string "DEADLINE_EXCEDED"; did you mean DEADLINE_EXCEEDED?",
        "8:46 Upstreams.cache.Retry.Codes[2]: expected one of "CANCELLED", "Canceled", "UNKNOWN", "Unknown", "INVALID_ARGUMENT", "InvalidArgument", "DEADLINE_EXCEEDED", "DeadlineExceeded", "NOT_FOUND", "NotFound", "ALREADY_EXISTS", "AlreadyExists", "PERMISSION_DENIED", "PermissionDenied", "RESOURCE_EXHAUSTED", "ResourceExhausted", "FAILED_PRECONDITION", "FailedPrecondition", "ABORTED", "Aborted", "OUT_OF_RANGE", "OutOfRange", "UNIMPLEMENTED", "Unimplemented", "INTERNAL", "Internal", "UNAVAILABLE", "Unavailable", "DATA_LOSS", "DataLoss", "UNAUTHENTICATED", "Unauthenticated", found the string "Cancelled"; did you mean CANCELLED?",
        "10:14 Upstreams.cache.Methods.Get.CalTimeout: is not a known key; did you mean Upstreams.cache.Methods.Get.CallTimeout?",
        "12:22 Routing.Allow[1]: begins with "grpc-", which is not the service's to set, found the string "grpc-timeout"",
      ]
    `);
  });

  it('are refused when they are nearly a client of the service', async () => {
    expect(await refusals('Upstreams:\n  cahce: { Target: "cache:50051" }\n')).toMatchInlineSnapshot(`
      [
        "2:3 Upstreams.cahce: is not a client of this service; did you mean Upstreams.cache?",
      ]
    `);
  });

  it('take words for switches, as the rest of the file does', async () => {
    expect(await refusals('Upstreams:\n  cache: { Insecure: yes, Block: off }\n')).toEqual([]);
  });
});
