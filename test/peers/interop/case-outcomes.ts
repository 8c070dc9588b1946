/** What an interop client says of each case, in lines `OK: name` and `FAILED: name: why`. */
export function caseOutcomes(output: string): Record<string, string> {
  return Object.fromEntries(
    [...output.matchAll(/^(OK|FAILED): (\w+)(?:: (.*))?$/gm)].map(([, outcome, name, why]) => [
      name,
      why ? `${outcome}: ${why}` : outcome,
    ]),
  );
}
