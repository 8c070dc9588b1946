import { ConnectionError, ErrorCode } from '../frames/error-code.js';
import {
  INITIAL_WINDOW_BYTES,
  MAX_31_BITS,
  MAX_FRAME_BYTES,
  MIN_FRAME_BYTES,
  Setting,
} from '../frames/frame-type.js';
import type { ConnectionLimits } from './limits/connection-limits.js';

/** The peer's settings (RFC 9113, section 6.5.2), starting with the initial values. */
export class PeerSettings {
  headerTableBytes = 4096;
  maxConcurrentStreams = Infinity;
  initialWindowBytes = INITIAL_WINDOW_BYTES;
  maxFrameBytes = MIN_FRAME_BYTES;
  maxHeaderListBytes = Infinity;

  /**
   * Applies the settings of a SETTINGS frame, in order.
   *
   * @throws {ConnectionError} for an invalid value.
   */
  apply(payload: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 6) this.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  }

  private set(id: number, value: number): void {
    switch (id) {
      case Setting.headerTableSize:
        this.headerTableBytes = value;
        return;
      case Setting.enablePush:
        if (value > 1) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'ENABLE_PUSH is neither 0 nor 1');
        return;
      case Setting.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return;
      case Setting.initialWindowSize:
        if (value > MAX_31_BITS) {
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'INITIAL_WINDOW_SIZE is too large');
        }
        this.initialWindowBytes = value;
        return;
      case Setting.maxFrameSize:
        if (value < MIN_FRAME_BYTES || value > MAX_FRAME_BYTES) {
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'MAX_FRAME_SIZE is out of bounds');
        }
        this.maxFrameBytes = value;
        return;
      case Setting.maxHeaderListSize:
        this.maxHeaderListBytes = value;
        return;
      default:
      // Unknown settings are ignored (RFC 9113, section 6.5.2).
    }
  }
}

const MAX_32_BITS = 2 ** 32 - 1;

/** The local settings (RFC 9113, section 6.5.2): the limits that the peer must know. */
export function localSettings(limits: ConnectionLimits): Array<readonly [id: number, value: number]> {
  const settings: Array<readonly [number, number]> = [
    [Setting.maxConcurrentStreams, Math.min(limits.maxConcurrentStreams, MAX_32_BITS)],
    [Setting.initialWindowSize, limits.streamWindowBytes],
    [Setting.maxHeaderListSize, Math.min(limits.maxHeaderListBytes, MAX_32_BITS)],
  ];
  if (limits.maxFrameBytes !== MIN_FRAME_BYTES) settings.push([Setting.maxFrameSize, limits.maxFrameBytes]);
  return settings;
}
