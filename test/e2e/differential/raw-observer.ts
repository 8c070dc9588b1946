import { RawPeer, type HeardFrame } from './raw-peer.js';

/** What a peer saw of one case, in a few words: the status of gRPC, the reset, the error of the connection. */
export async function observe(address: string, sent: readonly Buffer[]): Promise<string> {
  const peer = new RawPeer(address);
  peer.send(...sent);
  await peer.until((frames) => outcomeOf(frames) !== undefined);
  // What comes after: an error of the connection goes before all.
  await peer.settle();
  peer.close();
  return outcomeOf(peer.frames) ?? 'the connection is cut';
}

function outcomeOf(frames: readonly HeardFrame[]): string | undefined {
  const goAway = frames.find(({ type, payload }) => type === 7 && payload.readUInt32BE(4) !== 0);
  if (goAway) return `GOAWAY ${ERRORS[goAway.payload.readUInt32BE(4)]}`;
  for (const { type, payload, headers } of frames) {
    if (type === 3) return `RST_STREAM ${ERRORS[payload.readUInt32BE(0)]}`;
    const status = headers.get('grpc-status');
    if (status !== undefined) return `grpc-status ${status}`;
    const http = headers.get(':status');
    if (http !== undefined && http !== '200') return `HTTP ${http}`;
  }
  return undefined;
}

/** RFC 9113, section 7. */
const ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
];
