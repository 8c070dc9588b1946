import { Controller, Get, Inject, InternalServerErrorException, Res } from '@nestjs/common';
import type { ProbeLogger } from '../lifecycle/checks.js';

/** Everything to be scraped; the telemetry's `Meter` is one. */
export interface MetricsSource {
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** What {@link MetricsController} is made of. */
export interface MetricsParts {
  readonly source: MetricsSource;
  readonly logger: ProbeLogger;
}

/** Injects {@link MetricsParts}. */
export const METRICS_PARTS = Symbol('METRICS_PARTS');

/** `/metrics`, in place of the controller of `@willsoto/nestjs-prometheus`, which knows only the global register. */
@Controller()
export class MetricsController {
  /** So that what fails at every scrape is logged once. */
  private failing = false;

  constructor(@Inject(METRICS_PARTS) private readonly parts: MetricsParts) {}

  @Get()
  async metrics(@Res({ passthrough: true }) response: HeaderTarget): Promise<string> {
    const { source, logger } = this.parts;
    try {
      const { contentType, body } = await source.expose();
      this.failing = false;
      response.setHeader('Content-Type', contentType);
      return body;
    } catch (error) {
      if (!this.failing)
        logger.warn(`/metrics fails: ${error instanceof Error ? error.message : String(error)}`);
      this.failing = true;
      throw new InternalServerErrorException();
    }
  }
}

interface HeaderTarget {
  setHeader(name: string, value: string): unknown;
}
