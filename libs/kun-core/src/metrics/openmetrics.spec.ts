import { Counter, Gauge, Histogram, Registry, Summary, type Metric } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Meter } from './meter.js';
import { openMetricsText } from './openmetrics.js';

describe('openMetricsText', () => {
  it('writes every kind of metric, with exemplars', async () => {
    const registry: Registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const registers = [registry];
    const counter = new Counter({
      name: 'a_total',
      help: 'As "quoted"\nin lines',
      labelNames: ['l', 'trace_id'],
      registers,
      enableExemplars: true,
    });
    counter.inc({ labels: { l: 'x"\\\n' }, value: 2, exemplarLabels: { trace_id: 't' } });
    new Counter({ name: 'b', help: 'without suffix', registers }).inc();
    new Gauge({ name: 'c', help: 'c', registers }).set(-Infinity);
    new Histogram({ name: 'd_seconds', help: 'd', buckets: [1], labelNames: ['l'], registers }).observe(
      { l: 'y' },
      0.5,
    );
    new Summary({ name: 'e', help: 'e', percentiles: [0.5], registers }).observe(3);
    const text = await openMetricsText(registry.getMetricsAsArray() as unknown as Metric[]);
    expect(text.replace(/ [\d.]+$/gm, (time) => (time.length > 10 ? ' NOW' : time))).toBe(
      [
        '# HELP a As \\"quoted\\"\\nin lines',
        '# TYPE a counter',
        'a_total{l="x\\"\\\\\\n"} 2 # {trace_id="t"} 2 NOW',
        '# HELP b without suffix',
        '# TYPE b counter',
        'b_total 1',
        '# HELP c c',
        '# TYPE c gauge',
        'c -Inf',
        '# HELP d_seconds d',
        '# TYPE d_seconds histogram',
        'd_seconds_bucket{l="y",le="1"} 1',
        'd_seconds_bucket{l="y",le="+Inf"} 1',
        'd_seconds_sum{l="y"} 0.5',
        'd_seconds_count{l="y"} 1',
        '# HELP e e',
        '# TYPE e summary',
        'e{quantile="0.5"} 3',
        'e_sum 3',
        'e_count 1',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('leaves the names as they are for the next scrape in the other format', async () => {
    const identity = { domain: '', namespace: 'n', cluster: 'c', service: 's', instance: 'i' };
    const meter = new Meter({ identity, processMetrics: false });
    new Counter({ name: 'calls_total', help: 'x', registers: [meter.registry] }).inc();
    const before = await meter.expose();
    await meter.expose('openmetrics');
    expect(await meter.expose()).toEqual(before);
  });
});
