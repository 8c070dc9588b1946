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
