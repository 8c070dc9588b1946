import { failure, type Expected } from './expected.js';

/** The source of metrics; a test service is one. */
export interface MetricsText {
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
}

/** One sample of the text. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Returns the current sum of a metric's samples with these labels. Read it before and after a call to see what the call
 * added.
 *
 * ```ts
 * await readMetric(service, 'grpc_server_handled_total', { grpc_method: 'Greet', grpc_code: 'OK' });
 * ```
 *
 * @returns 0 if the metric exists without such labels: nothing has been counted yet.
 * @throws {AssertionError} naming the closest metrics if there is none of that name.
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
 * Expects that the metric has this value now.
 *
 * @throws {AssertionError} listing the metric's samples.
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

/** The metrics whose names share most words with `name`, each once. */
function alike(name: string, samples: readonly Sample[]): Array<{ name: string }> {
  const words = name.split('_');
  const shared = (other: string) => other.split('_').filter((word) => words.includes(word)).length;
  const names = [...new Set(samples.map((sample) => sample.name))];
  return names
    .filter((other) => shared(other) > 0)
    .toSorted((a, b) => shared(b) - shared(a))
    .map((other) => ({ name: other }));
}
