import { Controller, Get, Headers, Inject, InternalServerErrorException, Res } from '@nestjs/common';
import { acceptsGzip, formatFor, type MetricsRenderer } from './metrics-rendering.js';
import type { ProbeLogger } from '../lifecycle/checks.js';

/** The collaborators of {@link MetricsController}. */
export interface MetricsParts {
  readonly renderer: MetricsRenderer;
  readonly logger: ProbeLogger;
}

/** Injects {@link MetricsParts}. */
export const METRICS_PARTS = Symbol('METRICS_PARTS');

/** `/metrics`, in place of the controller of `@willsoto/nestjs-prometheus`, which knows only the global register. */
@Controller()
export class MetricsController {
  /** Whether the failure has been logged, so that it is not logged at every scrape. */
  private failing = false;

  constructor(@Inject(METRICS_PARTS) private readonly parts: MetricsParts) {}

  @Get()
  async metrics(
    @Headers('accept') accept: string | undefined,
    @Headers('accept-encoding') encodings: string | undefined,
    @Res() response: MetricsResponse,
  ): Promise<void> {
    const { renderer, logger } = this.parts;
    try {
      const rendering = await renderer.render(formatFor(accept));
      const compressed = acceptsGzip(encodings) ? await rendering.gzipped() : undefined;
      this.failing = false;
      response.setHeader('Content-Type', rendering.contentType);
      response.setHeader('Vary', 'Accept, Accept-Encoding');
      if (compressed) response.setHeader('Content-Encoding', 'gzip');
      response.end(compressed ?? rendering.body);
    } catch (error) {
      if (!this.failing)
        logger.warn(`/metrics fails: ${error instanceof Error ? error.message : String(error)}`);
      this.failing = true;
      throw new InternalServerErrorException();
    }
  }
}

interface MetricsResponse {
  setHeader(name: string, value: string): unknown;
  end(body: string | Buffer): unknown;
}
