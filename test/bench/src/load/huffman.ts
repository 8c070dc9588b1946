/**
 * The lengths of the codes of RFC 7541, appendix B, in base 36, by byte. Its code is a canonical one: lengths are all
 * there is to know, since codes of a length are given out in the order of the bytes.
 */
const LENGTHS = [
  'dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6cad677777777777777',
  '77777777878djde6f56565666577666567655677777fbedskmkkmmmnmnnnnnonoomnonnnnlmnmnno',
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmnqqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqn',
  'qrqqrrrrrsrrrrrqu',
].join('');

const END_OF_STRING = 256;

/** Bytes by length and code, as `length * 2^30 + code`. */
const BYTES = codes();

/** Codes by byte: the bits, right-aligned, and how many they are. */
const CODES = new Map(
  [...BYTES].map(([key, byte]) => [byte, { code: key % 2 ** 30, length: Math.floor(key / 2 ** 30) }]),
);

/** A text in Huffman's code; of characters with short codes, as digits and letters are. */
export function huffmanEncode(text: string): Buffer {
  const coded = Buffer.allocUnsafe(text.length * 2);
  let end = 0;
  let bits = 0;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const found = CODES.get(text.charCodeAt(at));
    if (!found || found.length > 16) throw new RangeError('this encoder does not support the character');
    bits = (bits << found.length) | found.code;
    count += found.length;
    while (count >= 8) {
      count -= 8;
      coded[end++] = bits >>> count;
      bits &= (1 << count) - 1;
    }
  }
  if (count > 0) coded[end++] = (bits << (8 - count)) | (0xff >> count);
  return coded.subarray(0, end);
}

/** The text of a string literal in Huffman's code. */
export function huffmanDecode(coded: Buffer): string {
  const bytes: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of coded) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const found = BYTES.get(length * 2 ** 30 + code);
      if (found === undefined) continue;
      bytes.push(found);
      code = 0;
      length = 0;
    }
  }
  // What is left pads the last byte: the beginning of the end of the string, all ones.
  if (length > 7 || code !== 2 ** length - 1) throw new Error('a header is not in Huffman code');
  return Buffer.from(bytes).toString('latin1');
}

function codes(): ReadonlyMap<number, number> {
  const lengths = LENGTHS.split('').map((digit, byte) => ({ byte, length: Number.parseInt(digit, 36) }));
  const ordered = lengths.toSorted((a, b) => a.length - b.length || a.byte - b.byte);
  const result = new Map<number, number>();
  let code = 0;
  let previous = ordered[0]?.length ?? 0;
  for (const { byte, length } of ordered) {
    code *= 2 ** (length - previous);
    previous = length;
    if (byte !== END_OF_STRING) result.set(length * 2 ** 30 + code, byte);
    code++;
  }
  return result;
}
