import protobuf from 'protobufjs';
import type { MetricsRecorder } from '../../call/wire-call.js';

/** The trailer with a call's load report (gRFC A51). */
export const LOAD_REPORT_TRAILER = 'endpoint-load-metrics-bin';

/** Tags of `xds.data.orca.v3.OrcaLoadReport`: field numbers with wire types. */
const DOUBLE = { cpu: 0x09, memory: 0x11, rps: 0x31, eps: 0x39, application: 0x49 } as const;
const MAP = { cost: 0x22, utilization: 0x2a, named: 0x42 } as const;

/** Collects the load that a handler reports for its call, under grpc-js' method names. */
export class LoadReport {
  private readonly doubles = new Map<number, number>();
  private readonly maps = new Map<number, Map<string, number>>();

  /** Cast to grpc-js' type, whose class has a private field and is therefore nominal. */
  get recorder(): MetricsRecorder {
    return this as unknown as MetricsRecorder;
  }

  get empty(): boolean {
    return this.doubles.size + this.maps.size === 0;
  }

  recordRequestCostMetric(name: string, value: number): void {
    this.put(MAP.cost, name, value);
  }

  recordUtilizationMetric(name: string, value: number): void {
    this.put(MAP.utilization, name, value);
  }

  recordNamedMetric(name: string, value: number): void {
    this.put(MAP.named, name, value);
  }

  recordCPUUtilizationMetric(value: number): void {
    this.doubles.set(DOUBLE.cpu, value);
  }

  recordMemoryUtilizationMetric(value: number): void {
    this.doubles.set(DOUBLE.memory, value);
  }

  recordApplicationUtilizationMetric(value: number): void {
    this.doubles.set(DOUBLE.application, value);
  }

  recordQpsMetric(value: number): void {
    this.doubles.set(DOUBLE.rps, value);
  }

  recordEpsMetric(value: number): void {
    this.doubles.set(DOUBLE.eps, value);
  }

  /** Encoded as `OrcaLoadReport`. */
  serialize(): Buffer {
    const writer = protobuf.Writer.create();
    for (const [tag, value] of this.doubles) writer.uint32(tag).double(value);
    for (const [tag, entries] of this.maps) {
      for (const [name, value] of entries) {
        writer.uint32(tag).fork().uint32(0x0a).string(name).uint32(0x11).double(value).ldelim();
      }
    }
    return Buffer.from(writer.finish());
  }

  private put(tag: number, name: string, value: number): void {
    const entries = this.maps.get(tag) ?? new Map<string, number>();
    this.maps.set(tag, entries.set(name, value));
  }
}
