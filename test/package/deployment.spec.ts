import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Configuration, type Configuration as Loaded } from '@kun/config';
import {
  Identity,
  KUN_SETTINGS,
  KunFactory,
  type KunApplication,
  type KunRuntime,
  type ResolvedSettings,
} from '@kun/core';
import { LogRecorder } from '@kun/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { ROOT } from './published.js';

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const deploymentSchema = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
      spec: z.object({
        terminationGracePeriodSeconds: z.int(),
        containers: z.tuple([
          z.object({
            env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
            ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
            startupProbe: probe,
            readinessProbe: probe,
            livenessProbe: probe,
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
          }),
        ]),
        volumes: z.tuple([
          z.object({
            name: z.string(),
            configMap: z.object({
              name: z.string(),
              items: z.array(z.object({ key: z.string(), path: z.string() })),
            }),
          }),
        ]),
      }),
    }),
  }),
});
const serviceSchema = z.object({
  kind: z.literal('Service'),
  spec: z.object({
    selector: z.record(z.string(), z.string()),
    ports: z.tuple([z.object({ port: z.int(), targetPort: z.string() })]),
  }),
});
const configMapSchema = z.object({
  kind: z.literal('ConfigMap'),
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()),
});

const manifest = readFileSync(join(ROOT, 'apps/echo/deploy/deployment.yaml'), 'utf8');
const [deployment, service, configMap] = z
  .tuple([deploymentSchema, serviceSchema, configMapSchema])
  .parse(parseAllDocuments(manifest, { strict: true }).map((document): unknown => document.toJS()));
const { template } = deployment.spec;
const [container] = template.spec.containers;
const [volume] = template.spec.volumes;

describe('the manifest of the example', () => {
  const base = mkdtempSync(join(tmpdir(), 'kun-deployment-'));
  const logs = new LogRecorder();
  let app: KunApplication;
  let settings: ResolvedSettings;

  const create = async (runtime: KunRuntime = {}): Promise<KunApplication> => {
    const { AppModule } = (await import(join(ROOT, 'apps/echo/dist/app.module.js'))) as {
      AppModule: new () => object;
    };
    return KunFactory.create(AppModule, { env: podEnvironment(base), logDestination: logs, ...runtime });
  };

  beforeAll(async () => {
    for (const { key, path } of volume.configMap.items) {
      mkdirSync(dirname(join(base, path)), { recursive: true });
      writeFileSync(join(base, path), configMap.data[key] ?? `no ${key} in the ConfigMap`);
    }
    app = await create();
    settings = app.get<ResolvedSettings>(KUN_SETTINGS);
  });

  afterAll(async () => {
    await app.close();
    rmSync(base, { recursive: true, force: true });
  });

  it('tells the process who it is', () => {
    expect(app.get(Identity)).toMatchObject({
      domain: 'eu-1',
      namespace: 'shop',
      cluster: 'blue',
      instance: 'echo-7d4b9-x2x4z',
      version: '0.1.0',
      inKubernetes: true,
    });
  });

  it('mounts every layer where it is looked for', () => {
    const names = container.env.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['POD_NAME', 'POD_NAMESPACE', 'KUN_BASE', 'KUN_CLUSTER']));
    expect(container.env.find(({ name }) => name === 'KUN_BASE')?.value).toBe(
      container.volumeMounts[0]?.mountPath,
    );
    expect(container.volumeMounts[0]?.name).toBe(volume.name);
    expect(volume.configMap.name).toBe(configMap.metadata.name);
    expect(volume.configMap.items.map(({ key }) => key)).toEqual(Object.keys(configMap.data));
    const config: Loaded<{ Echo: { Greeting: string } }> = app.get(Configuration);
    expect(config.value.Echo.Greeting).toBe('blue: ');
  });

  it('gives a stop the time that it may take, with an HTTP port too should the service open one', async () => {
    const grace = template.spec.terminationGracePeriodSeconds;
    const { preStopDelayMs, drainTimeoutMs } = settings.grpc;
    expect([preStopDelayMs, drainTimeoutMs]).toEqual([5000, 20_000]);
    expect(settings.gracePeriodMs).toBe(grace * 1000);
    const config: Loaded<unknown> = app.get(Configuration);
    expect(config.warnings).toEqual([]);
    const withHttp = await create({ ports: { http: 0 } });
    expect(withHttp.get<Loaded<unknown>>(Configuration).warnings).toEqual([]);
    await withHttp.close();
  });

  it('asks the admin port, and sends calls to the gRPC port', () => {
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    expect(ports).toEqual({ grpc: settings.grpc.port, admin: settings.admin?.port });
    expect(template.metadata.annotations['prometheus.io/port']).toBe(String(settings.admin?.port));
    expect(service.spec.ports[0]).toMatchObject({ port: settings.grpc.port, targetPort: 'grpc' });
    for (const [name, path] of [
      ['startupProbe', '/startupz'],
      ['readinessProbe', '/readyz'],
      ['livenessProbe', '/livez'],
    ] as const) {
      expect(container[name].httpGet).toEqual({ path, port: 'admin' });
    }
  });

  it('has labels that find its pods', () => {
    expect(template.metadata.labels).toMatchObject(deployment.spec.selector.matchLabels);
    expect(template.metadata.labels).toMatchObject(service.spec.selector);
  });
});

describe('the Dockerfile', () => {
  const dockerfile = readFileSync(join(ROOT, 'apps/echo/Dockerfile'), 'utf8');

  it('runs Node itself, so that the signal arrives', () => {
    expect(dockerfile).toMatch(/^CMD \["node", "--enable-source-maps", "apps\/echo\/dist\/main\.js"\]$/m);
  });

  it('opens the ports of the manifest', () => {
    expect(dockerfile).toContain(
      `EXPOSE ${container.ports.map(({ containerPort }) => containerPort).join(' ')}`,
    );
  });
});

/** What the pod of the manifest finds in its environment. */
function podEnvironment(base: string): Record<string, string> {
  const fields: Record<string, string> = {
    POD_NAME: 'echo-7d4b9-x2x4z',
    POD_NAMESPACE: 'shop',
    KUN_BASE: base,
  };
  const values = container.env.map(({ name, value }): [string, string] => [
    name,
    fields[name] ?? value ?? '',
  ]);
  return { KUBERNETES_SERVICE_HOST: '10.0.0.1', ...Object.fromEntries(values) };
}
