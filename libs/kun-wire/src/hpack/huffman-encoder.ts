import { HUFFMAN_CODES } from './huffman-code.js';

const BITS = Uint32Array.from(HUFFMAN_CODES, ({ bits }) => bits);
const LENGTHS = Uint8Array.from(HUFFMAN_CODES, ({ length }) => length);

/** The length of a Latin-1 string in Huffman code, in bytes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits += LENGTHS[text.charCodeAt(at) & 0xff] as number;
  return Math.ceil(bits / 8);
}

/** Writes a Latin-1 string in Huffman code at `at`, where there must be enough space; returns where it ends. */
export function huffmanEncode(text: string, target: Uint8Array, at: number): number {
  let end = at;
  let pending = 0;
  let pendingBits = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index) & 0xff;
    let length = LENGTHS[symbol] as number;
    const bits = BITS[symbol] as number;
    // Up to seven bits are pending and a code has up to thirty: in two parts, so that they fit into 32.
    while (length > 0) {
      const part = Math.min(length, 16);
      pending = (pending << part) | ((bits >>> (length - part)) & (2 ** part - 1));
      pendingBits += part;
      length -= part;
      while (pendingBits >= 8) {
        pendingBits -= 8;
        target[end++] = pending >>> pendingBits;
      }
      pending &= 2 ** pendingBits - 1;
    }
  }
  if (pendingBits > 0) target[end++] = (pending << (8 - pendingBits)) | (0xff >> pendingBits);
  return end;
}
