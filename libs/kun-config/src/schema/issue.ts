import type { StandardSchemaV1 } from '@standard-schema/spec';

/** An issue of a schema library, in one form for all libraries. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The type that was expected, where the library names one outside of its message. */
  readonly expected: string | undefined;
  /** The key at the path is one that the schema does not know. */
  readonly unknown: boolean;
}

/** One issue for each place; libraries put several keys or the word "unknown" into different forms. */
export function normaliseIssues(issues: readonly StandardSchemaV1.Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    // zod: code and keys, valibot: expected; neither is in the standard.
    const { keys, code, expected } = extras(issue);
    const message = issue.message.replace(/\.$/, '');
    if (code === 'unrecognized_keys' && Array.isArray(keys)) {
      return keys.map((key) => ({
        path: [...path, String(key)],
        message,
        expected: undefined,
        unknown: true,
      }));
    }
    return [
      {
        path,
        message,
        expected: typeof expected === 'string' ? expected : undefined,
        unknown: expected === 'never',
      },
    ];
  });
}

function extras(issue: object): { keys?: unknown; code?: unknown; expected?: unknown } {
  return issue;
}
