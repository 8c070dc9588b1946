import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The metrics format: Prometheus text, or OpenMetrics, which has exemplars. */
export type MetricsFormat = 'text' | 'openmetrics';

/** A source of metrics; the `Meter` of `metrics` is one. */
export interface MetricsSource {
  expose(format?: MetricsFormat): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** A rendering, shared by concurrent scrapes. */
export interface Rendering {
  readonly contentType: string;
  readonly body: string;
  /** The compressed body; compressed once for all scrapes. */
  gzipped(): Promise<Buffer>;
}

const compress = promisify(gzip);

/** Renders once for all concurrent scrapes, so that many cost little more than one. */
export class MetricsRenderer {
  private readonly underWay = new Map<MetricsFormat, Promise<Rendering>>();

  constructor(private readonly source: MetricsSource) {}

  render(format: MetricsFormat): Promise<Rendering> {
    let rendering = this.underWay.get(format);
    if (!rendering) {
      rendering = this.begin(format).finally(() => this.underWay.delete(format));
      this.underWay.set(format, rendering);
    }
    return rendering;
  }

  private async begin(format: MetricsFormat): Promise<Rendering> {
    const { contentType, body } = await this.source.expose(format);
    let gzipped: Promise<Buffer> | undefined;
    return { contentType, body, gzipped: () => (gzipped ??= compress(body)) };
  }
}

/** The format preferred by a scrape's `Accept` header; Prometheus text by default. */
export function formatFor(accept: string | undefined): MetricsFormat {
  const quality = (type: string) => {
    const ranges = (accept ?? '*/*').split(',').map((range) => range.trim().toLowerCase());
    const [major] = type.split('/');
    for (const wanted of [type, `${major}/*`, '*/*']) {
      const range = ranges.find((each) => each.split(';')[0]?.trim() === wanted);
      if (range) return qualityOf(range);
    }
    return 0;
  };
  const openMetrics = quality('application/openmetrics-text');
  return openMetrics > 0 && openMetrics > quality('text/plain') ? 'openmetrics' : 'text';
}

/** Whether an `Accept-Encoding` header allows gzip. */
export function acceptsGzip(encodings: string | undefined): boolean {
  const gzipRange = encodings
    ?.toLowerCase()
    .split(',')
    .find((each) => each.split(';')[0]?.trim() === 'gzip');
  return gzipRange !== undefined && qualityOf(gzipRange) > 0;
}

function qualityOf(range: string): number {
  const quality = Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1);
  return Number.isNaN(quality) ? 0 : quality;
}
