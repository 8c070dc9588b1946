import type { Registry } from 'prom-client';

/**
 * Metrics of several registries as one text in Prometheus' format. A name that two registries have is taken from
 * the first, since a name may stand in an exposition once. A metric whose `collect` throws is left out and handed
 * to `onError`: one bad gauge must not blind the operator to everything else.
 */
export async function exposition(
  registries: readonly Registry[],
  onError: (name: string, error: unknown) => void,
): Promise<string> {
  const sources = new Map<string, Registry>();
  for (const registry of registries) {
    for (const { name } of registry.getMetricsAsArray()) if (!sources.has(name)) sources.set(name, registry);
  }
  const families = await Promise.all(
    [...sources].map(async ([name, registry]) => {
      try {
        return await registry.getSingleMetricAsString(name);
      } catch (error) {
        onError(name, error);
        return undefined;
      }
    }),
  );
  return `${families.filter((family) => family !== undefined).join('\n\n')}\n`;
}
