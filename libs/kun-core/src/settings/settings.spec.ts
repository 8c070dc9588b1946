import { assert, property, record, boolean, option, integer, double } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { resolveSettings } from './resolve-settings.js';
import { settingsSchema, type Settings } from './settings.js';

/** The sample of kunapp's own documentation, its slip included. */
const KUNAPP_SAMPLE = `
GRPCDial:
  MaxMsgSize:        4294967296 # 配置为4G
  Timeout:           5          # gRPC Dial 5s超时
  Block:             true       # gRPC Dial为阻塞式拨号
  Insecure:          tru        # 始终填true，我们未实现SSL加密和证书
  WithProxyPort:     15003      # kun上该值始终填15003，为envoy的代理端口，kun下服务无此配置
  LoggingZap:        true       # 支持x-request-id注入和logger注入
  OpenTracing:       true       # 启用opentracing
  Prometheus:        true       # 启用Prometheus
  DisableKeepalive:  false      # 默认启用keepalive
  LoggingAllRpc:     false      # 可选是否开启记录request/response
  LoggingRpcMaxSize: 1024       # 记录request/response的最大字符长度

GRPCServer:
  MaxMsgSize:        4294967296 # 配置为4G
  Recovery:          true       # 对gRPC消息处理异常panc时进行recover
  Prometheus:        true       # 启用Prometheus
  OpenTracing:       true       # 启用opentracing
  CtxTags:           true       # 支持gRPC Context
  DisableKeepalive:  false      # 默认启用keepalive       
  LoggingZap:        true       # 支持x-request-id注入和logger注入
  LoggingAllRpc:     false      # 可选是否开启记录request/response
  LoggingRpcMaxSize: 1024       # 记录request/response的最大字符长度

Zipkin:
  Hosts:
    - jaeger.prj-vpc.svc.a2.uae # jaeger或zipkin配置

Logger:
  Level:          info
  Development:    false
  Prometheus:     true
`;

describe('settingsSchema', () => {
  it("refuses kunapp's own sample for its one slip only", () => {
    expect(issues(parse(KUNAPP_SAMPLE))).toEqual([
      'GRPCDial.Insecure: Invalid input: expected boolean, received string',
    ]);
  });

  it('accepts that sample unchanged once the word is mended', () => {
    const written: unknown = parse(KUNAPP_SAMPLE.replace(/tru\b/, 'true'));
    const settings = settingsSchema.parse(written);
    expect(settings).toMatchObject(z.record(z.string(), z.unknown()).parse(written));
    const resolved = resolveSettings(settings, { inKubernetes: true });
    expect(resolved.zipkin.endpoints).toEqual(['http://jaeger.prj-vpc.svc.a2.uae:9411/api/v2/spans']);
    expect(resolved.dial).toMatchObject({
      proxyPort: 15003,
      connectTimeoutMs: 5000,
      waitAtStart: true,
      plaintext: true,
    });
  });

  it('has a default for everything', () => {
    expect(settingsSchema.parse({})).toMatchInlineSnapshot(`
      {
        "Admin": {
          "Hosts": [],
          "MCP": false,
          "Page": true,
        },
        "AdminPort": 8081,
        "AllStopCallbacksTimeout": 10,
        "DestroyHooksTimeout": 5,
        "ExitOnUnhandledRejection": true,
        "GRPCDial": {
          "Block": false,
          "CallTimeout": 15,
          "DisableKeepalive": false,
          "Errors": "map",
          "KeepaliveTime": 60,
          "KeepaliveTimeout": 20,
          "LoggingAllRpc": false,
          "LoggingRpcMaxSize": 1024,
          "LoggingZap": true,
          "MaxMsgSize": 4194304,
          "Prometheus": true,
          "Retry": {
            "BudgetCapacity": 100,
            "BudgetPerSuccess": 0.5,
            "By": "app",
            "Policy": "safe",
          },
          "StrictMessages": true,
          "Timeout": 20,
        },
        "GRPCServer": {
          "ConnectionTimeout": 20,
          "CtxTags": true,
          "DefaultCompressionAlgorithm": "identity",
          "DisableKeepalive": false,
          "Engine": "kun",
          "GrpcGracefulStopTimeout": 20,
          "KeepaliveTime": 60,
          "KeepaliveTimeout": 20,
          "LoggingAllRpc": false,
          "LoggingRpcMaxSize": 1024,
          "LoggingZap": true,
          "MaxConcurrentStreams": 1000,
          "MaxConnectionAge": 1800,
          "MaxConnectionAgeGrace": 0,
          "MaxConnectionIdle": 0,
          "MaxMsgSize": 4194304,
          "Port": 50051,
          "Prometheus": true,
          "Recovery": true,
          "Reflection": false,
          "StreamGracePeriod": 5,
          "StrictMessages": true,
        },
        "HTTPServer": {
          "Port": 0,
        },
        "Logger": {
          "Development": false,
          "Level": "info",
          "Prometheus": true,
          "Redact": [],
        },
        "Metrics": {
          "CodeNames": "go",
        },
        "Routing": {
          "Allow": [],
        },
        "StopCallbackTimeout": 5,
        "Tracing": {
          "Global": true,
          "MessageEvents": false,
        },
        "Upstreams": {},
        "Zipkin": {
          "Hosts": [],
        },
      }
    `);
  });

  it('fills the rest of a section that sets one key', () => {
    expect(settingsSchema.parse({ GRPCServer: { Recovery: false } }).GRPCServer).toEqual({
      ...settingsSchema.parse({}).GRPCServer,
      Recovery: false,
    });
  });

  it('refuses unknown keys, wrong types, and numbers out of range', () => {
    const written = {
      Admin: 1,
      AdminPort: 70000,
      TerminationGracePeriod: 0,
      GRPCServer: {
        Prot: 1,
        Port: 0,
        Address: 'a b',
        PreStopDelay: -1,
        GrpcGracefulStopTimeout: 90_000,
        MaxMsgSize: 0,
      },
      GRPCDial: { Timeout: 0, LoggingRpcMaxSize: 1.5, WithProxyPort: '15003' },
      Zipkin: { Hosts: ['a b', 'ftp://x', ''] },
      Logger: { Level: 'loud' },
    };
    expect(issues(written)).toMatchInlineSnapshot(`
      [
        "AdminPort: expected a port from 1 to 65535, or 0 for off",
        "Admin: Invalid input: expected object, received number",
        "TerminationGracePeriod: expected seconds from 0.001 to 86400",
        "GRPCServer.Port: expected a port from 1 to 65535",
        "GRPCServer.Address: expected an IP address or a host name",
        "GRPCServer.PreStopDelay: expected seconds from 0 to 86400",
        "GRPCServer.GrpcGracefulStopTimeout: expected seconds from 0 to 86400",
        "GRPCServer.MaxMsgSize: expected a whole number of bytes, 1 or more",
        "GRPCServer: Unrecognized key: "Prot"",
        "GRPCDial.Timeout: expected seconds from 0.001 to 86400",
        "GRPCDial.LoggingRpcMaxSize: expected a whole number of characters, 1 or more",
        "GRPCDial.WithProxyPort: expected a port from 1 to 65535",
        "Zipkin.Hosts.0: expected a host, host:port or an http(s) URL",
        "Zipkin.Hosts.1: expected a host, host:port or an http(s) URL",
        "Zipkin.Hosts.2: expected a host, host:port or an http(s) URL",
        "Logger.Level: expected one of trace, debug, info, warn, error, fatal, silent",
      ]
    `);
  });

  it('refuses one port for two servers, but not two that are off', () => {
    expect(issues({ AdminPort: 50051 })).toEqual([
      'AdminPort: port 50051 is already used by GRPCServer.Port; choose another',
    ]);
    expect(issues({ HTTPServer: { Port: 8081 } })).toEqual([
      'AdminPort: port 8081 is already used by HTTPServer.Port; choose another',
    ]);
    expect(issues({ AdminPort: 0, HTTPServer: { Port: 0 } })).toEqual([]);
  });

  it('says of every key what it does and when a change takes effect', () => {
    const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
    const undocumented = leaves(schema, []).filter(({ node }) => !(node.description && 'reload' in node));
    expect(undocumented.map(({ path }) => path.join('.'))).toEqual([]);
    expect(leaves(schema, []).length).toBeGreaterThan(30);
  });

  it('takes every switch as it is written, and never takes false for absent', () => {
    const switches = record(
      {
        Recovery: boolean(),
        CtxTags: boolean(),
        LoggingZap: boolean(),
        Prometheus: boolean(),
        OpenTracing: boolean(),
      },
      { requiredKeys: [] },
    );
    assert(
      property(switches, boolean(), (section, exporter) => {
        const Zipkin = { Hosts: exporter ? ['zipkin'] : [] };
        const { grpc } = resolveSettings(settingsSchema.parse({ GRPCServer: section, Zipkin }), {
          inKubernetes: false,
        });
        expect(grpc).toMatchObject({
          recoveryEnabled: section.Recovery ?? true,
          tagsEnabled: section.CtxTags ?? true,
          loggingEnabled: section.LoggingZap ?? true,
          metricsEnabled: section.Prometheus ?? true,
          tracingEnabled: section.OpenTracing ?? exporter,
        });
      }),
    );
  });

  it('gives every valid section whole milliseconds and a message size gRPC can frame', () => {
    const section = record({
      MaxMsgSize: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      GrpcGracefulStopTimeout: double({ min: 0, max: 86_400, noNaN: true }),
      PreStopDelay: option(double({ min: 0, max: 86_400, noNaN: true }), { nil: undefined }),
    });
    assert(
      property(section, (GRPCServer) => {
        const { grpc } = resolveSettings(settingsSchema.parse({ GRPCServer }), { inKubernetes: true });
        expect(Number.isInteger(grpc.drainTimeoutMs) && Number.isInteger(grpc.preStopDelayMs)).toBe(true);
        expect(grpc.maxMessageBytes).toBeLessThan(2 ** 32);
        expect(grpc.preStopDelayMs).toBe(Math.round((GRPCServer.PreStopDelay ?? 5) * 1000));
      }),
    );
  });
});

type JsonSchema = z.core.JSONSchema.BaseSchema;

function leaves(node: JsonSchema, path: string[]): Array<{ path: string[]; node: JsonSchema }> {
  // A map by name, as Upstreams: its keys are those of each entry.
  if (typeof node.additionalProperties === 'object') return leaves(node.additionalProperties, [...path, '*']);
  if (!node.properties) return [{ path, node }];
  return Object.entries(node.properties).flatMap(([key, child]) =>
    typeof child === 'object' ? leaves(child, [...path, key]) : [],
  );
}

function issues(written: unknown): string[] {
  const result = settingsSchema.safeParse(written);
  const found: Settings | z.core.$ZodIssue[] = result.error?.issues ?? [];
  return found.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}
