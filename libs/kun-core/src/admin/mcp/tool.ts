import type { z } from 'zod';

/** The client that calls a tool. */
export interface Asker {
  /** `address:port`. */
  readonly peer: string;
  /** Aborts when the client no longer waits for the answer. */
  readonly signal: AbortSignal;
}

/** A tool for a model. */
export interface McpTool {
  readonly name: string;
  readonly title: string;
  /** For the model: what it returns, and when to use it. */
  readonly description: string;
  /** `reading`: open to anyone who can reach the port; `token`: it changes, costs or calls something. */
  readonly needs: 'reading' | 'token';
  readonly input: z.ZodObject;
  /** Hints for the client's user; careful clients do not rely on them. */
  readonly hints: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint?: boolean;
    readonly idempotentHint?: boolean;
    readonly openWorldHint: boolean;
  };
  /** The list in its answer that is cut when it is too long, and how to ask for less. */
  readonly cuts?: { readonly list: string; readonly narrow: string };
  /** @throws {HttpError} when it cannot be done. */
  run(input: unknown, asker: Asker): object | Promise<object>;
}

type Declaration<S extends z.ZodObject> = Omit<McpTool, 'needs' | 'input' | 'hints' | 'run'> & {
  readonly input: S;
  run(input: z.output<S>, asker: Asker): object | Promise<object>;
};

/** A tool that only reads. */
export function readingTool<S extends z.ZodObject>(declared: Declaration<S>): McpTool {
  const hints = { readOnlyHint: true, openWorldHint: false };
  return { ...declared, needs: 'reading', hints, run: runOf(declared) };
}

/** A tool that changes, costs or calls something; `destructive` when its effect is unknown. */
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

/** The input was already validated against the schema. */
function runOf<S extends z.ZodObject>(declared: Declaration<S>): McpTool['run'] {
  return (input, asker) => declared.run(input as z.output<S>, asker);
}
