/** Something was thrown that is no error, and therefore does not say where. */
export class ThrownValue extends Error {
  override readonly name = 'ThrownValue';
}

/** What was thrown, as an error. The values of an object are nobody's to print: they may be secrets. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  if (typeof thrown !== 'object' || thrown === null) return new ThrownValue(String(thrown));
  const fields = Object.keys(thrown).slice(0, MAX_FIELDS).join(', ');
  return new ThrownValue(`an object that is not an error, with the fields: ${fields || 'none'}`);
}

const MAX_FIELDS = 20;
