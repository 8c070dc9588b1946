import { failure, type Expected } from './expected.js';

/** What metrics are read from; a service of the kit is one. */
export interface MetricsText {
  /** Prometheus' text format. */
  metrics(): Promise<string>;
}

/** A sample of the text. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The sum of the samples of a name that have these labels, now. Take it before and after to see what a call added.
 *
 * ```ts
 * await readMetric(service, 'grpc_server_handled_total', { grpc_method: 'Greet', grpc_code: 'OK' });
 * ```
 *
 * @returns 0 where the metric is there without such labels: nothing was counted yet.
 * @throws {AssertionError} naming the nearest metrics where there is none of the name.
 */
export async function readMetric(
  service: MetricsText,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const samples = samplesOf(await service.metrics());
  const named = samples.filter((sample) => sample.name === name);
  if (named.length === 0) throw failure('a metric with', { name }, alike(name, samples));
  return named
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/**
 * The metric has this value, now.
 *
 * @throws {AssertionError} with the samples of the name that there are.
 */
export async function expectMetric(
  service: MetricsText,
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
): Promise<void> {
  const found = await readMetric(service, name, labels);
  if (found === value) return;
  const samples = samplesOf(await service.metrics()).filter((sample) => sample.name === name);
  const expected: Record<string, Expected> = { ...labels, value };
  throw failure(
    `${name} with`,
    expected,
    samples.map((sample) => ({ ...sample.labels, value: sample.value })),
  );
}

function samplesOf(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
    return {
      name,
      labels: Object.fromEntries(pairs.map(([, key, text]) => [key, text])),
      value: Number(value),
    };
  });
}

/** Metrics that have most words of a name, each once. */
function alike(name: string, samples: readonly Sample[]): Array<{ name: string }> {
  const words = name.split('_');
  const shared = (other: string) => other.split('_').filter((word) => words.includes(word)).length;
  const names = [...new Set(samples.map((sample) => sample.name))];
  return names
    .filter((other) => shared(other) > 0)
    .toSorted((a, b) => shared(b) - shared(a))
    .map((other) => ({ name: other }));
}
