import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { LoadReport } from './load-report.js';

// `xds/data/orca/v3/orca_load_report.proto` of cncf/xds, without what is deprecated.
const Report = protobuf
  .parse(
    `syntax = "proto3"; message Report {
      double cpu_utilization = 1; double mem_utilization = 2; map<string, double> request_cost = 4;
      map<string, double> utilization = 5; double rps_fractional = 6; double eps = 7;
      map<string, double> named_metrics = 8; double application_utilization = 9;
    }`,
    { keepCase: true },
  )
  .root.lookupType('Report');

const decoded = (report: LoadReport) => Report.toObject(Report.decode(report.serialize()));

describe('the load that a call reports', () => {
  it.each<[string, (report: LoadReport) => void, object]>([
    ['CPU', (report) => report.recordCPUUtilizationMetric(0.25), { cpu_utilization: 0.25 }],
    ['memory', (report) => report.recordMemoryUtilizationMetric(0.5), { mem_utilization: 0.5 }],
    [
      'the application',
      (report) => report.recordApplicationUtilizationMetric(0.75),
      { application_utilization: 0.75 },
    ],
    ['queries a second', (report) => report.recordQpsMetric(10), { rps_fractional: 10 }],
    ['errors a second', (report) => report.recordEpsMetric(2), { eps: 2 }],
    ['costs', (report) => report.recordRequestCostMetric('rows', 7), { request_cost: { rows: 7 } }],
    ['utilizations', (report) => report.recordUtilizationMetric('pool', 0.1), { utilization: { pool: 0.1 } }],
    [
      'named metrics',
      (report) => report.recordNamedMetric('ünicode', -1),
      { named_metrics: { ünicode: -1 } },
    ],
  ])('has %s where the protocol has it', (_, record, expected) => {
    const report = new LoadReport();
    expect([report.empty, report.serialize().byteLength]).toEqual([true, 0]);
    record(report);
    expect([report.empty, decoded(report)]).toEqual([false, expected]);
  });

  it('has several at once', () => {
    const report = new LoadReport();
    report.recordEpsMetric(1);
    report.recordRequestCostMetric('rows', 2);
    expect([report.empty, decoded(report)]).toEqual([false, { eps: 1, request_cost: { rows: 2 } }]);
  });

  it('has the last value of each, and of each name', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string(), fc.double({ noNaN: true })), { minLength: 1, maxLength: 20 }),
        (said) => {
          const report = new LoadReport();
          for (const [name, value] of said) {
            report.recordNamedMetric(name, value);
            report.recordUtilizationMetric(name, value);
            report.recordQpsMetric(value);
          }
          const [, last] = said.at(-1) ?? [];
          const named = [...new Map(said)].filter(([name]) => name !== '__proto__');
          const got = Report.decode(report.serialize()) as unknown as Record<string, Record<string, number>>;
          for (const [name, value] of named) {
            expect([got['named_metrics']?.[name], got['utilization']?.[name]]).toEqual([value, value]);
          }
          expect(got['rps_fractional']).toBe(last);
        },
      ),
    ));
});
