/** The types of frames (RFC 9113, section 6). */
export const FrameType = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  rstStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
} as const;

/** The flags of frames; RFC 9113 says which of them each type defines. */
export const Flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** The settings of RFC 9113, section 6.5.2. */
export const Setting = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
} as const;

/** The length of a frame header (RFC 9113, section 4.1). */
export const FRAME_HEADER_BYTES = 9;

/** The smallest `SETTINGS_MAX_FRAME_SIZE`, and the initial one. */
export const MIN_FRAME_BYTES = 16_384;
/** The largest. */
export const MAX_FRAME_BYTES = 2 ** 24 - 1;

/** The initial window of a stream and of a connection. */
export const INITIAL_WINDOW_BYTES = 65_535;
/** The largest window (RFC 9113, section 6.9.1), and the largest id of a stream. */
export const MAX_31_BITS = 2 ** 31 - 1;

/** The client's connection preface (RFC 9113, section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
