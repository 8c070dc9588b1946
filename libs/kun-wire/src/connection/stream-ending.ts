/** How a stream ended, told once. */
export type StreamEnding =
  /** Its last frame was handed to the socket, and the socket has taken it. */
  | { readonly how: 'sent' }
  /** It was reset, with a code of RFC 9113, section 7. */
  | { readonly how: 'reset'; readonly code: number; readonly by: 'peer' | 'self' }
  /** Its connection ended. */
  | { readonly how: 'lost'; readonly reason: string };

export const SENT: StreamEnding = { how: 'sent' };
