import { HpackError } from './hpack-error.js';
import { END_OF_STRING, HUFFMAN_CODES } from './huffman-code.js';

/**
 * The code as a state machine that consumes half a byte per step: a step leads to a state (a node in the code's tree)
 * and emits at most one byte, as no code is shorter than five bits. An entry is `state << 9 | byte << 1 | whether a
 * byte is emitted`; the end-of-string code leads to -1.
 */
const STEPS = new Int32Array(256 * 16);
/** Whether a string may end in a state: after at most seven one bits since the last byte (RFC 7541, section 5.2). */
const MAY_END = new Uint8Array(256);
buildMachine();

/** Longer strings get their own buffer. */
const scratch = Buffer.allocUnsafeSlow(8 * 1024);

/** The maximum number of characters per coded byte: a code has at least five bits. */
const MOST_BYTES_PER_BYTE = 8 / 5;

/**
 * Decodes a Huffman-coded string as Latin-1.
 *
 * @throws {HpackError} when it contains the end-of-string code, or its padding violates RFC 7541, section 5.2.
 */
export function huffmanDecode(coded: Uint8Array, start: number, end: number): string {
  const most = Math.ceil((end - start) * MOST_BYTES_PER_BYTE);
  const out = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  let written = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = coded[at] as number;
    let step = STEPS[(state << 4) | (byte >> 4)] as number;
    if (step & 1) out[written++] = step >> 1;
    if (step < 0) break;
    step = STEPS[((step >> 9) << 4) | (byte & 15)] as number;
    if (step & 1) out[written++] = step >> 1;
    state = step >> 9;
    if (step < 0) break;
  }
  if (state < 0 || MAY_END[state] === 0) throw new HpackError('a string is not valid Huffman code');
  return out.toString('latin1', 0, written);
}

function buildMachine(): void {
  // Inner nodes of the tree by number, each with two children: a node, or -1 - symbol.
  const nodes: Array<[number | undefined, number | undefined]> = [[undefined, undefined]];
  for (const { symbol, bits, length } of HUFFMAN_CODES) {
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const side = bitOf(bits, bit);
      const child = nodes[node]?.[side] ?? nodes.push([undefined, undefined]) - 1;
      (nodes[node] as [number, number])[side] = child;
      node = child;
    }
    (nodes[node] as [number, number])[bitOf(bits, 0)] = -1 - symbol;
  }
  for (let node = 0, ones = 0; ones < 8; ones++) {
    MAY_END[node] = 1;
    node = nodes[node]?.[1] ?? 0;
  }
  for (const [state] of nodes.entries()) {
    for (let nibble = 0; nibble < 16; nibble++) STEPS[(state << 4) | nibble] = stepOf(nodes, state, nibble);
  }
}

function stepOf(
  nodes: ReadonlyArray<readonly [number | undefined, number | undefined]>,
  state: number,
  nibble: number,
): number {
  let node = state;
  let emitted = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = nodes[node]?.[bitOf(nibble, bit)] ?? 0;
    if (child === -1 - END_OF_STRING) return -2;
    if (child < 0) emitted = ((-1 - child) << 1) | 1;
    node = child < 0 ? 0 : child;
  }
  return (node << 9) | emitted;
}

function bitOf(bits: number, place: number): 0 | 1 {
  return ((bits >>> place) & 1) as 0 | 1;
}
