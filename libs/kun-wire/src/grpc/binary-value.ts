/** Whether values of the key are binary and travel in base64 (gRPC over HTTP/2, "Custom-Metadata"). */
export function isBinaryKey(name: string): boolean {
  return name.endsWith('-bin');
}

/** A binary value as it travels: base64 without padding, as gRPC asks of senders. */
export function encodeBinaryValue(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const padding = text.indexOf('=');
  return padding < 0 ? text : text.slice(0, padding);
}

/** The binary values of one field: base64 with or without padding, several joined by commas. */
export function decodeBinaryValues(value: string): Buffer[] {
  if (!value.includes(',')) return [Buffer.from(value, 'base64')];
  return value.split(',').map((part) => Buffer.from(part.trim(), 'base64'));
}
