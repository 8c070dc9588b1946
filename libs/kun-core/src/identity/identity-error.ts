import { ExplainedError } from '@kun/config';
/** One thing wrong with what the environment says of this process. */
export interface IdentityProblem {
  /** The variable, file or option that holds the value, such as `KUN_SERVICE`. */
  readonly source: string;
  /** What is wrong and what to do, without a final dot. */
  readonly message: string;
}

/** The process cannot tell who it is. Carries every problem found, not only the first. */
export class IdentityError extends ExplainedError {
  override readonly name = 'IdentityError';
  readonly problems: readonly IdentityProblem[];

  constructor(problems: readonly IdentityProblem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}
