import type { LoggerService } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import type { ConfigChange } from '../live/config-change.js';
import type { Configuration } from '../live/configuration.js';
import type { LoadedConfig } from '../load/loaded-config.js';
import { formatPlace } from '../report/config-error.js';
import { showValue } from '../report/describe-value.js';

/** Logs what each reload changed, what needs a restart, and why a set was refused. */
export function logReloads(configuration: Configuration<unknown>, logger: LoggerService): Subscription {
  return configuration.reloads.subscribe((event) => {
    if (!event.ok) {
      logger.error(`the changed configuration is not used, the one of before stays: ${event.error.message}`);
      return;
    }
    if (event.changes.length > 0) {
      const changes = event.changes.map((change) => describe(change, event.config));
      logger.log(`the configuration is reloaded: ${changes.join(', ')}`);
    }
    if (event.needRestart.length > 0) {
      const paths = event.needRestart.map(({ path }) => path);
      logger.warn(`${paths.join(', ')} changed; this takes effect at the next start`);
    }
  });
}

/** `Logger.Level "info" → "debug" (conf/echo/public.yaml:3:10)`. */
function describe({ path, keys, previous, current }: ConfigChange, config: LoadedConfig<unknown>): string {
  const place = config.origin(keys)?.place;
  const secret = config.isSecret(keys);
  const show = (value: unknown): string => (value === undefined ? 'nothing' : showValue(value, secret));
  return `${path} ${show(previous)} → ${show(current)}${place ? ` (${formatPlace(place)})` : ''}`;
}
