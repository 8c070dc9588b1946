import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { ApplicationLogger } from '../logs/application-logger.js';
import { exposeLogMetrics } from './telemetry-metrics.js';

it('counts lines by level, and those that were dropped', async () => {
  const identity = {
    domain: '',
    namespace: 'n',
    cluster: 'c',
    service: 's',
    instance: 'i',
  };
  const logger = new ApplicationLogger({ identity }, { write: () => {}, dropped: 7 });
  const registry = new Registry();
  exposeLogMetrics(logger, registry);
  logger.pino.warn('one');
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await registry.metrics();
    expect(text).toContain('kun_log_lines_total{level="warn"} 1');
    expect(text).toContain('kun_log_lines_total{level="error"} 0');
    expect(text).toContain('kun_log_lines_dropped_total 7');
  }
});
