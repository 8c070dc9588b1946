/**
 * The lengths of the codes of RFC 7541, appendix B, in base 36, by byte. The code is canonical: the lengths determine
 * it, since codes of one length are assigned in the order of the bytes.
 */
const LENGTHS = [
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777',
  '77777777878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnno',
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqn',
  'qrqqrrrrrsrrrrrqu',
].join('');

/** The end-of-string symbol, which never occurs: a prefix of its code pads the last byte. */
export const END_OF_STRING = 256;

/** A code of the table: its bits, right-aligned, and their number. */
export interface HuffmanCode {
  readonly symbol: number;
  readonly bits: number;
  readonly length: number;
}

/** All 257 codes, in the order of their symbols. */
export const HUFFMAN_CODES: readonly HuffmanCode[] = canonicalCodes();

function canonicalCodes(): HuffmanCode[] {
  const lengths = Array.from(LENGTHS, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }));
  let bits = -1;
  let previous = 0;
  return lengths
    .toSorted((a, b) => a.length - b.length || a.symbol - b.symbol)
    .map(({ symbol, length }) => {
      bits = (bits + 1) * 2 ** (length - previous);
      previous = length;
      return { symbol, bits, length };
    })
    .toSorted((a, b) => a.symbol - b.symbol);
}
