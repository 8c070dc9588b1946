import { isUtf8 } from 'node:buffer';
import type { Reader, Writer } from 'protobufjs';

/** From this size on, room is made for a value explicitly; smaller ones fit into the writer's buffer, or soon will. */
const LONG_BYTES = 1024;
/** Room left after a long value, for the small fields that follow it. */
const TAIL_BYTES = 256;
/** The maximum size of the length before a value. */
const LENGTH_BYTES = 5;

/**
 * Makes room for a long value, its length and a few fields after it. By itself the writer makes just enough room, and
 * doubles everything for the next field: a message of 4 MiB would be allocated twice and copied once more.
 */
function makeRoom(writer: Writer, bytes: number): void {
  const { buf, pos } = writer;
  const needed = pos + LENGTH_BYTES + bytes;
  if (needed <= buf.length) return;
  // At least twice the size, so that many long values do not cause a copy each.
  const room = Buffer.allocUnsafe(Math.max(2 * buf.length, needed + TAIL_BYTES));
  room.set(buf.subarray(0, pos));
  writer.buf = room;
  // It refers to the previous buffer.
  writer.view = null;
}

/** Writes text of any length in wire format: its length and its UTF-8 bytes. */
export function writeText(writer: Writer, text: string): void {
  if (text.length < LONG_BYTES) {
    writer.string(text);
    return;
  }
  if (writeAscii(writer, text)) return;
  const bytes = Buffer.byteLength(text);
  makeRoom(writer, bytes);
  writer.uint32(bytes);
  // A Buffer in Node.
  (writer.buf as Buffer).write(text, writer.pos, bytes, 'utf8');
  writer.pos += bytes;
}

/**
 * Writes text whose characters all turn out to be ASCII, as those of long texts mostly are, in one pass instead of one
 * to count its bytes and another to encode it: in a third to a fifth of the time. Otherwise writes nothing.
 */
function writeAscii(writer: Writer, text: string): boolean {
  // Text in other scripts shows it early; elsewhere the attempt would make it take three times as long.
  if (!STARTS_WITH_ASCII.test(text)) return false;
  const { length } = text;
  makeRoom(writer, length);
  const start = writer.pos;
  writer.uint32(length);
  const { pos } = writer;
  const { read, written } = ENCODER.encodeInto(text, writer.buf.subarray(pos, pos + length));
  const whole = read === length && written === length;
  writer.pos = whole ? pos + length : start;
  return whole;
}

const STARTS_WITH_ASCII = /^[\0-\x7f]{64}/;

const ENCODER = new TextEncoder();

/** Reads text of any length; throws protobufjs' errors for bytes that are not UTF-8. */
export function readText(reader: Reader): string {
  const { pos, len } = reader;
  const bytes = reader.size();
  const start = reader.pos;
  const end = start + bytes;
  if (bytes >= LONG_BYTES && end <= len) {
    const text = (reader.buf as Buffer).subarray(start, end);
    // Costs half as much as a strict TextDecoder.
    if (isUtf8(text)) {
      reader.pos = end;
      return text.toString();
    }
  }
  reader.pos = pos;
  return reader.stringVerify();
}

/** Writes any number of bytes, after their length. */
export function writeBytes(writer: Writer, bytes: Uint8Array): void {
  if (bytes.length >= LONG_BYTES) makeRoom(writer, bytes.length);
  writer.bytes(bytes);
}
