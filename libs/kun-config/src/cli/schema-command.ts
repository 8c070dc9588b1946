import { editorSchema } from '../schema/editor-schema.js';
import type { CommandOptions } from './command-options.js';
import { NO_SCHEMA, UsageError, type Terminal } from './terminal.js';

/** `kun-config schema`: the JSON Schema of a file, for editors. */
export function schemaCommand(options: CommandOptions, terminal: Terminal): number {
  if (options.schemas.length === 0) throw new UsageError(NO_SCHEMA);
  terminal.out(JSON.stringify(editorSchema(options.schemas), null, 2));
  return 0;
}
