/**
 * A copy with memory of its own. `Buffer.from(bytes)` takes it from Node's pool, so that a few bytes that are kept for
 * long would keep 64 KiB alive.
 */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
