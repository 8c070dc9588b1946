import type { z } from 'zod';

/** Who has a tool do something. */
export interface Asker {
  /** `address:port`. */
  readonly peer: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Something that a model can ask for, or have done. */
export interface McpTool {
  readonly name: string;
  readonly title: string;
  /** For a model: what it gives, and when it is the right one. */
  readonly description: string;
  /** `reading`: open to whoever can reach the port; `token`: it changes, costs or calls something. */
  readonly needs: 'reading' | 'token';
  readonly input: z.ZodObject;
  /** What a client may tell its user of it; it is believed by none that is careful. */
  readonly hints: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint?: boolean;
    readonly idempotentHint?: boolean;
    readonly openWorldHint: boolean;
  };
  /** The list of its answer that is cut when there is too much, and how to ask for less. */
  readonly cuts?: { readonly list: string; readonly narrow: string };
  /** @throws {HttpError} for what cannot be done. */
  run(input: unknown, asker: Asker): object | Promise<object>;
}

type Declaration<S extends z.ZodObject> = Omit<McpTool, 'needs' | 'input' | 'hints' | 'run'> & {
  readonly input: S;
  run(input: z.output<S>, asker: Asker): object | Promise<object>;
};

/** A tool that reads. */
export function readingTool<S extends z.ZodObject>(declared: Declaration<S>): McpTool {
  const hints = { readOnlyHint: true, openWorldHint: false };
  return { ...declared, needs: 'reading', hints, run: runOf(declared) };
}

/** A tool that changes, costs or calls something; `destructive` where nobody can know what it does. */
export function tokenTool<S extends z.ZodObject>(
  declared: Declaration<S> & { readonly destructive?: boolean; readonly idempotent?: boolean },
): McpTool {
  const { destructive = false, idempotent = false, ...rest } = declared;
  const hints = {
    readOnlyHint: false,
    destructiveHint: destructive,
    idempotentHint: idempotent,
    openWorldHint: destructive,
  };
  return { ...rest, needs: 'token', hints, run: runOf(declared) };
}

/** What comes was checked against the schema before. */
function runOf<S extends z.ZodObject>(declared: Declaration<S>): McpTool['run'] {
  return (input, asker) => declared.run(input as z.output<S>, asker);
}
