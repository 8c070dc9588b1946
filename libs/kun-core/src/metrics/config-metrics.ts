import type { ConfigStatus } from '@kun/config';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * The state of the configuration, read on scrape: `kun_config_last_reload_successful` (1 or 0), `kun_config_hash{hash}`
 * (always 1; instances with the same configuration show the same hash), `kun_config_reloads_total{result}` and
 * `kun_config_restart_needed` (keys changed since the start that take effect on restart).
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
  gauge('kun_config_last_reload_successful', 'Whether the current configuration files are in use', (now) =>
    now.lastReloadSuccessful ? 1 : 0,
  );
  gauge(
    'kun_config_restart_needed',
    'Keys changed since the start that take effect on restart',
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
    help: 'Reloads of the configuration files, by result',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      reloads.reset();
      reloads.inc({ result: 'success' }, status().reloads);
      reloads.inc({ result: 'failure' }, status().failures);
    },
  });
}
