import { Controller, Get, Inject, Res } from '@nestjs/common';
import { Registry } from 'prom-client';
import type { ProbeLogger } from '../lifecycle/checks.js';
import { exposition } from './exposition.js';

/** What `/metrics` shows, besides the application's own registry. */
export interface MetricsSources {
  readonly own: Registry;
  /** The process-wide register of prom-client, read only; `undefined` leaves it out. */
  readonly shared: Registry | undefined;
  readonly logger: ProbeLogger;
}

/** Injects {@link MetricsSources}. */
export const METRICS_SOURCES = Symbol('METRICS_SOURCES');

/** `/metrics`, in place of the controller of `@willsoto/nestjs-prometheus`, which knows only the global register. */
@Controller()
export class MetricsController {
  /** Metrics that failed at the last scrape, so that each is logged once and not at every scrape. */
  private failing: ReadonlySet<string> = new Set();

  constructor(@Inject(METRICS_SOURCES) private readonly sources: MetricsSources) {}

  @Get()
  async metrics(@Res({ passthrough: true }) response: HeaderTarget): Promise<string> {
    const { own, shared, logger } = this.sources;
    const failed = new Set<string>();
    const text = await exposition(shared ? [own, shared] : [own], (name, error) => {
      failed.add(name);
      if (!this.failing.has(name)) {
        logger.warn(
          `metric ${name} cannot be collected: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    });
    this.failing = failed;
    response.setHeader('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE);
    return text;
  }
}

interface HeaderTarget {
  setHeader(name: string, value: string): unknown;
}
