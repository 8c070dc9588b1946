import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadProtos } from './load-protos.js';
import { readMethodShapes } from './message-shape.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kun-shape-'));
  await mkdir(join(folder, 'shared'));
  await writeFile(
    join(folder, 'shared', 'secret.proto'),
    'syntax = "proto3"; package shared; message Secret { string value = 1 [debug_redact = true]; bytes raw = 2; }',
  );
  await writeFile(
    join(folder, 'service.proto'),
    `syntax = "proto3";
     package acme.v1;
     import "secret.proto";
     import "google/protobuf/timestamp.proto";
     message Node { string user_name = 1; Node parent = 2; map<string, shared.Secret> secrets = 3; }
     message Reply { repeated Node nodes = 1; google.protobuf.Timestamp at = 2; Kind kind = 3; }
     enum Kind { NONE = 0; }
     service Tree { rpc Walk(stream Node) returns (Reply); }`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

const read = () =>
  readMethodShapes(
    loadProtos([{ path: 'service.proto', includeDirs: ['shared'] }], folder).services.values(),
  );

it('knows the fields of every method, through imports, maps and messages that contain themselves', () => {
  const shapes = read();
  expect([...shapes.keys()]).toEqual(['/acme.v1.Tree/Walk']);
  const walk = shapes.get('/acme.v1.Tree/Walk');
  const [userName, parent, secrets] = walk?.request.fields ?? [];
  expect(userName).toEqual({
    name: 'user_name',
    redacted: false,
    isBytes: false,
    isMap: false,
    message: undefined,
  });
  expect(parent?.message).toBe(walk?.request);
  expect(secrets).toMatchObject({
    isMap: true,
    message: {
      fields: [
        { name: 'value', redacted: true },
        { name: 'raw', isBytes: true },
      ],
    },
  });
  // A Timestamp is a Date, which has no fields.
  expect(walk?.response.fields.map((field) => field.message?.fields.length)).toEqual([
    3,
    undefined,
    undefined,
  ]);
});
