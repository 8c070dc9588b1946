import { isUtf8 } from 'node:buffer';
import type { Reader, Writer } from 'protobufjs';

/** From this size on a value gets room made for it; smaller ones fit into what the writer has, or soon do. */
const LONG_BYTES = 1024;
/** What is left behind a long value, for the small fields that follow it. */
const TAIL_BYTES = 256;
/** The most that the length before a value takes. */
const LENGTH_BYTES = 5;

/**
 * Makes room for a long value, its length and a few fields after it. Left to itself the writer makes just enough, and
 * doubles everything for the field that follows: a message of 4 MiB would be allocated twice and copied once more.
 */
function makeRoom(writer: Writer, bytes: number): void {
  const { buf, pos } = writer;
  const needed = pos + LENGTH_BYTES + bytes;
  if (needed <= buf.length) return;
  // Twice as much where that is enough, so that many long values are not copied for each.
  const room = Buffer.allocUnsafe(Math.max(2 * buf.length, needed + TAIL_BYTES));
  room.set(buf.subarray(0, pos));
  writer.buf = room;
  // Of the buffer before.
  writer.view = null;
}

/** Writes text, of whatever length, as it is on the wire: its length and its UTF-8. */
export function writeText(writer: Writer, text: string): void {
  if (text.length < LONG_BYTES) {
    writer.string(text);
    return;
  }
  const bytes = Buffer.byteLength(text);
  makeRoom(writer, bytes);
  writer.uint32(bytes);
  // A Buffer in Node.
  (writer.buf as Buffer).write(text, writer.pos, bytes, 'utf8');
  writer.pos += bytes;
}

/** Reads text, of whatever length; throws what protobufjs throws of bytes that are no UTF-8. */
export function readText(reader: Reader): string {
  const { pos, len } = reader;
  const bytes = reader.size();
  const start = reader.pos;
  const end = start + bytes;
  if (bytes >= LONG_BYTES && end <= len) {
    const text = (reader.buf as Buffer).subarray(start, end);
    // Half of what a strict TextDecoder costs.
    if (isUtf8(text)) {
      reader.pos = end;
      return text.toString();
    }
  }
  reader.pos = pos;
  return reader.stringVerify();
}

/** Writes bytes, however many, behind their number. */
export function writeBytes(writer: Writer, bytes: Uint8Array): void {
  if (bytes.length >= LONG_BYTES) makeRoom(writer, bytes.length);
  writer.bytes(bytes);
}
