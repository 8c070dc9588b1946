import { MIN_FRAME_BYTES, Setting } from '../frames/frame-type.js';
import type { ConnectionLimits } from './connection-limits.js';

const MAX_32_BITS = 2 ** 32 - 1;

/** What we set (RFC 9113, section 6.5.2): the limits that the peer is to know. */
export function localSettings(limits: ConnectionLimits): Array<readonly [id: number, value: number]> {
  const settings: Array<readonly [number, number]> = [
    [Setting.maxConcurrentStreams, Math.min(limits.maxConcurrentStreams, MAX_32_BITS)],
    [Setting.initialWindowSize, limits.streamWindowBytes],
    [Setting.maxHeaderListSize, Math.min(limits.maxHeaderListBytes, MAX_32_BITS)],
  ];
  if (limits.maxFrameBytes !== MIN_FRAME_BYTES) settings.push([Setting.maxFrameSize, limits.maxFrameBytes]);
  return settings;
}
