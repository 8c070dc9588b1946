import type { Metric } from 'prom-client';

/** The content type of {@link openMetricsText}. */
export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A sample as prom-client's metrics return it. */
interface Sample {
  readonly metricName?: string;
  readonly labels?: Labels;
  /** Labels common to all samples of a histogram's series. */
  readonly sharedLabels?: Labels;
  readonly value: number;
  readonly exemplar?: Exemplar | null | undefined;
}

type Labels = Readonly<Record<string, string | number>>;

/** An observation that represents its bucket and links to its trace. */
export interface Exemplar {
  readonly labelSet: Labels;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp?: number | undefined;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values?: readonly Sample[];
}

/**
 * Formats the metrics as OpenMetrics 1.0 text, which has exemplars. prom-client's own implementation permanently strips
 * the suffix `_total` from its counters' names, so that the next scrape in the Prometheus format lacks it.
 */
export async function openMetricsText(metrics: readonly Metric[]): Promise<string> {
  const families = await Promise.all(metrics.map(read));
  return `${families.map(familyText).join('')}# EOF\n`;
}

/** Reads a metric as prom-client's registry does. */
async function read(metric: Metric): Promise<Family> {
  const reading = metric as Metric & { getForPromString?(): Promise<unknown> };
  return (await (reading.getForPromString?.() ?? reading.get())) as Family;
}

function familyText({ name, help, type, values = [] }: Family): string {
  const counter = type === 'counter';
  const family = counter ? name.replace(/_total$/, '') : name;
  let text = `# HELP ${family} ${escape(help)}\n# TYPE ${family} ${String(type)}\n`;
  for (const { metricName = name, labels = {}, sharedLabels = {}, value, exemplar } of values) {
    const sample = counter ? `${family}_total` : metricName;
    text += `${sample}${labelText({ ...sharedLabels, ...labels })} ${numberText(value)}`;
    // Only buckets and counters may have exemplars.
    if (exemplar && (counter || sample.endsWith('_bucket'))) text += exemplarText(exemplar);
    text += '\n';
  }
  return text;
}

function exemplarText({ labelSet, value, timestamp }: Exemplar): string {
  const at = timestamp === undefined ? '' : ` ${numberText(timestamp)}`;
  return ` # ${labelText(labelSet) || '{}'} ${numberText(value)}${at}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
