/** Which field a path masks: one place in a message, or a name at any depth. */
export type RedactedField = { readonly fields: readonly string[] } | { readonly anywhere: string };

/** The result of parsing: a path, or the problem with it. */
export type RedactionPathReading = RedactedField | { readonly problem: string };

/**
 * Reads the path of a field whose values are for nobody's log, as `Logger.Redact` and interceptors write it:
 * `user.password` is a field of a message within a message, where elements of lists and values of maps are passed through
 * (and so have no index or key of their own); `**.password` is a field of that name at any depth.
 *
 * Names are those of the proto: a letter or "_", then letters, digits and "_".
 */
export function readRedactionPath(text: string): RedactionPathReading {
  const anywhere = /^\*\*\.(.*)$/s.exec(text)?.[1];
  const fields = (anywhere ?? text).split('.');
  if (fields.every((field) => FIELD.test(field))) {
    if (anywhere === undefined) return { fields };
    if (fields.length === 1) return { anywhere };
  }
  const index = fields.some((field) => /^\d+$/.test(field));
  const remedy = index ? '; elements of lists have no number of their own' : '';
  return { problem: `names no field; write user.password, or **.password for any depth${remedy}` };
}

const FIELD = /^[A-Za-z_]\w*$/;
