import type { UpstreamOptions } from '@kun/core';

/** The services that this one calls, one line each: `npx create-kun add upstream stock` writes it. */
export const upstreams: UpstreamOptions[] = [
  // create-kun: upstreams
];
