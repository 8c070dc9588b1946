import { status } from '@grpc/grpc-js';
import { Configuration, loadConfig } from '@kun/config';
import { KUN_SETTINGS, settingsSchema, type ResolvedSettings } from '@kun/core';
import { startTestService } from '@kun/core/testing';
import { ConfigService } from '@nestjs/config';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KINDS, kindsModule } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { ConfigTree } from './config-tree.js';
import { kindsController } from './kinds-controller.js';
import { sumOf } from './metrics-text.js';

const notesSchema = z.object({
  Notes: z
    .strictObject({
      Greeting: z.string().default('hello'),
      Loud: z.boolean().default(true),
      Limit: z.number().default(7),
    })
    .prefault({}),
});

const LAYERS = ['Namespace', 'Service', 'Cluster', 'Instance'] as const;
const FILES = {
  Namespace: 'public.yaml',
  Service: 'kinds/public.yaml',
  Cluster: 'kinds/blue/public.yaml',
  Instance: 'kinds/blue/kinds-1/public.yaml',
} as const;
const NAMES = { service: 'kinds', cluster: 'blue', instance: 'kinds-1' };

/** Keys of kun and of the service, each with values that are set and empty, and its default. */
const KEYS = {
  'GRPCServer.Recovery': { values: [true, false], otherwise: true },
  'GRPCServer.Prometheus': { values: [true, false], otherwise: true },
  'GRPCServer.LoggingAllRpc': { values: [true, false], otherwise: false },
  'GRPCServer.DisableKeepalive': { values: [true, false], otherwise: false },
  'GRPCServer.PreStopDelay': { values: [0, 5, 0.5], otherwise: undefined },
  'GRPCServer.GrpcGracefulStopTimeout': { values: [0, 1, 20], otherwise: 20 },
  'HTTPServer.Port': { values: [0, 4000], otherwise: 0 },
  AdminPort: { values: [0, 4001], otherwise: 8081 },
  'Logger.Development': { values: [true, false], otherwise: false },
  'Notes.Greeting': { values: ['', 'hi'], otherwise: 'hello' },
  'Notes.Loud': { values: [true, false], otherwise: true },
  'Notes.Limit': { values: [0, -1, 3], otherwise: 7 },
} as const;
type Key = keyof typeof KEYS;
const KEY_NAMES = Object.keys(KEYS) as Key[];

/** What one layer says: some of the keys, each a value or `null`, which unsets it. */
const layer = fc.record(
  Object.fromEntries(KEY_NAMES.map((key) => [key, fc.constantFrom(null, ...KEYS[key].values)])),
  { requiredKeys: [] },
);
const tree = fc.record(
  Object.fromEntries(LAYERS.map((name) => [name, fc.option(layer, { nil: undefined })])),
);

type Layer = Readonly<Record<string, unknown>>;

describe('over random trees', () => {
  it('the innermost layer that has a key decides, false, 0 and an empty text included', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (layers) => {
        await using files = await ConfigTree.of(
          Object.fromEntries(
            LAYERS.filter((name) => layers[name] !== undefined || name === 'Service').map((name) => [
              FILES[name],
              nested(layers[name] ?? {}),
            ]),
          ),
        );
        const config = await loadConfig({
          base: files.base,
          env: {},
          ...NAMES,
          schemas: [settingsSchema, notesSchema],
        });
        const found = KEY_NAMES.map((key) => [key, config.get(key), config.origin(key)?.place?.layer]);
        const expected = KEY_NAMES.map((key) => {
          const decisive = LAYERS.findLast((name) => layers[name] && key in layers[name]);
          const value = (decisive && layers[decisive]?.[key]) ?? KEYS[key].otherwise;
          return [key, value, value === undefined ? undefined : decisive];
        });
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('in a running service', () => {
  const NAMESPACE = {
    GRPCServer: {
      MaxMsgSize: 4294967296,
      Prometheus: true,
      LoggingZap: true,
      StreamGracePeriod: 5,
      PreStopDelay: 3,
    },
    Notes: { Greeting: 'hi', Loud: true, Limit: 3 },
  };
  const INSTANCE = {
    GRPCServer: { Prometheus: false, LoggingZap: false, StreamGracePeriod: 0, PreStopDelay: 0 },
    Notes: { Greeting: '', Loud: false, Limit: 0 },
  };

  async function start(files: Readonly<Record<string, object>>) {
    const tree = await ConfigTree.of({ [FILES.Service]: {}, ...files });
    const controllers = [kindsController({ unary: () => ({ text: 'here' }) })];
    const service = await startTestService(
      kindsModule({ controllers }, { config: { schemas: [notesSchema] } }),
      {
        env: { KUN_BASE: tree.base, KUN_CLUSTER: NAMES.cluster, KUN_INSTANCE: NAMES.instance },
      },
    );
    const { headers, code } = await call(service.grpcClient(KINDS), 'Unary');
    const text = await service.metrics();
    const seen = {
      code,
      requestIds: headers?.get('x-request-id').length,
      series: sumOf(text, 'grpc_server_handled_total', { grpc_method: 'Unary' }),
      lines: service.logs.finishedCalls.length,
    };
    return {
      seen,
      app: service.app,
      async [Symbol.asyncDispose]() {
        await service.close();
        await tree[Symbol.asyncDispose]();
      },
    };
  }

  it('true of the Namespace layer counts', async () => {
    await using service = await start({
      [FILES.Namespace]: { ...NAMESPACE, GRPCServer: { ...NAMESPACE.GRPCServer, PreStopDelay: 0 } },
    });
    expect(service.seen).toEqual({ code: status.OK, requestIds: 1, series: 1, lines: 1 });
  });

  it('an explicit false, 0 or empty text of the Instance layer beats it, in effect and in each view', async () => {
    await using service = await start({ [FILES.Namespace]: NAMESPACE, [FILES.Instance]: INSTANCE });
    expect(service.seen).toEqual({ code: status.OK, requestIds: 0, series: Number.NaN, lines: 0 });

    const { grpc } = service.app.get<ResolvedSettings>(KUN_SETTINGS);
    expect(grpc).toMatchObject({
      metricsEnabled: false,
      loggingEnabled: false,
      streamGraceMs: 0,
      preStopDelayMs: 0,
    });
    const configuration = service.app.get(Configuration);
    const config = service.app.get(ConfigService);
    for (const [key, value] of [
      ['GRPCServer.Prometheus', false],
      ['GRPCServer.StreamGracePeriod', 0],
      ['GRPCServer.MaxMsgSize', 4294967296],
      ['GRPCServer.Recovery', true],
      ['Notes.Greeting', ''],
      ['Notes.Loud', false],
      ['Notes.Limit', 0],
    ] as const) {
      expect([key, config.get(key)]).toEqual([key, value]);
      expect([key, configuration.get(key)]).toEqual([key, value]);
    }
    expect(config.getOrThrow('GRPCServer')).toMatchObject({ Prometheus: false, MaxMsgSize: 4294967296 });
    expect(() => config.getOrThrow<unknown>('GRPCServer.NotThere')).toThrow('GRPCServer.NotThere');
    expect(configuration.origin('Notes.Greeting')).toMatchObject({
      from: 'file',
      place: { layer: 'Instance' },
      hid: [{ layer: 'Namespace', shown: '"hi"' }],
    });
  });
});

function nested(values: Layer): object {
  const root: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const [section = '', name] = key.split('.');
    root[section] = name === undefined ? value : Object.assign(root[section] ?? {}, { [name]: value });
  }
  return root;
}
