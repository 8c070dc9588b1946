import type { NestExpressApplication } from '@nestjs/platform-express';
import { Lifecycle } from '../lifecycle/lifecycle.js';
import type { StopReport } from '../lifecycle/phase.js';
import { LogRouter } from '../logs/log-router.js';
import { ApplicationLogger } from '../logs/application-logger.js';
import { Meter } from '../metrics/meter.js';

/**
 * The last words of an application: one line, and nothing of it lost. A start that failed has had its line; only what
 * could not be undone is added to it.
 */
export async function lastWords(nest: NestExpressApplication, report: StopReport): Promise<void> {
  const logger = nest.get(ApplicationLogger);
  const { clean, reason, durationMs, facts } = report;
  const phases = Object.fromEntries(report.phases.map(({ name, durationMs: ms }) => [name, ms]));
  const errors = report.phases.filter(({ error }) => error !== undefined);
  for (const { name, error } of errors) logger.pino.error({ err: error }, `${name} did not stop cleanly`);
  if (!nest.get(Lifecycle).startFailed) {
    logger.pino[clean ? 'info' : 'warn'](
      { reason, clean, duration_ms: durationMs, ...facts, phases_ms: phases },
      'stopped',
    );
  }
  nest.get(Meter).close();
  await logger.flush();
  nest.get(LogRouter).close();
}
