import { z } from 'zod';
import { setting } from './setting.js';

const HOST_ERROR = 'expected a host, host:port or an http(s) URL';

/** The section `Zipkin`: where spans go in Zipkin's own format. */
export const zipkinSettings = z.strictObject({
  Hosts: setting(
    z.array(z.string().refine((host) => endpointOf(host) !== undefined, { error: HOST_ERROR })).default([]),
    {
      description:
        'Zipkin or Jaeger collectors. A bare host means port 9411 and path /api/v2/spans; a full URL is taken as it is',
      reload: 'restart',
    },
  ),
});

/** The section `Zipkin` as validated. */
export type ZipkinSettings = z.output<typeof zipkinSettings>;

/**
 * The URLs to post spans to: `jaeger` becomes `http://jaeger:9411/api/v2/spans`, `jaeger:80` keeps its port, and
 * a URL with a path is left alone. 9411 and the path are Zipkin's own.
 */
export function zipkinEndpoints(section: ZipkinSettings): string[] {
  return section.Hosts.map(endpointOf).filter((endpoint) => endpoint !== undefined);
}

function endpointOf(host: string): string | undefined {
  const whole = /^https?:\/\//i.test(host);
  const url = URL.parse(whole ? host : `http://${host}`);
  if (!url || /\s/.test(host)) return undefined;
  if (!whole) {
    if (url.pathname !== '/' || url.search || url.hash || url.username) return undefined;
    if (!/:\d+$/.test(host)) url.port = '9411';
  }
  if (url.pathname === '/') url.pathname = '/api/v2/spans';
  return url.href;
}
