import type { ConfigStatus } from '@kun/config';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * How the configuration is doing, read when scraped: `kun_config_last_reload_successful` (1 or 0),
 * `kun_config_hash{hash}` (always 1; instances that should agree show the same), `kun_config_reloads_total{result}` and
 * `kun_config_restart_needed` (keys changed since the start that wait for the next one).
 */
export function exposeConfigMetrics(status: () => ConfigStatus, registry: Registry): void {
  const gauge = (name: string, help: string, value: (status: ConfigStatus) => number) => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => metric.set(value(status())),
    });
  };
  gauge(
    'kun_config_last_reload_successful',
    'Whether the configuration files as they are now are in use',
    (now) => (now.lastReloadSuccessful ? 1 : 0),
  );
  gauge(
    'kun_config_restart_needed',
    'Keys changed since the start that take effect at the next one',
    (now) => now.needRestart.length,
  );
  const hash: Gauge = new Gauge({
    name: 'kun_config_hash',
    help: 'Hash of the configuration in use; always 1',
    labelNames: ['hash'],
    registers: [registry],
    collect() {
      hash.reset();
      hash.set({ hash: status().hash }, 1);
    },
  });
  const reloads: Counter = new Counter({
    name: 'kun_config_reloads_total',
    help: 'Changes of the configuration files, by whether they could be used',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      reloads.reset();
      reloads.inc({ result: 'success' }, status().reloads);
      reloads.inc({ result: 'failure' }, status().failures);
    },
  });
}
