import { styleText } from 'node:util';
import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What a command was called with. */
export interface CommandOptions {
  readonly base: string;
  readonly service?: string | undefined;
  readonly cluster?: string | undefined;
  readonly instance?: string | undefined;
  readonly schemas: readonly StandardSchemaV1[];
  readonly json: boolean;
  /** Whether what comes from outside must be there: variables and files. */
  readonly strict: boolean;
}

/** Where a command reads its circumstances and writes its results; a test hands in its own. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  readonly color: boolean;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A mistake in how the command was called. */
export class UsageError extends Error {}

/** What to do where no schema is known. */
export const NO_SCHEMA =
  'name the schema with --schema, or in package.json: "kun-config": ["@kun/core#settingsSchema", "./dist/shop.config.js"]';

/** How a text is set off. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Styles a text if the output is a terminal. */
export function styled(terminal: Terminal, style: Style, text: string): string {
  return terminal.color ? styleText(style, text, { validateStream: false }) : text;
}
