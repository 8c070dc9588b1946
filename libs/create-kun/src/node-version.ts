/**
 * Whether a Node version satisfies a range of `engines`, such as `^22.18.0 || >=24.3.0`. Only these two forms of semver
 * are supported; others count as satisfied, since npm warns as well.
 */
export function isNodeVersionInRange(version: string, range: string): boolean {
  const [major = 0, minor = 0, patch = 0] = numbersOf(version);
  return range.split('||').some((part) => {
    const [, operator, wanted = ''] = /^\s*(\^|>=)(\d+(?:\.\d+)*)\s*$/.exec(part) ?? [];
    if (operator === undefined) return true;
    const [atLeastMajor = 0, atLeastMinor = 0, atLeastPatch = 0] = numbersOf(wanted);
    if (major !== atLeastMajor) return operator === '>=' && major > atLeastMajor;
    return minor !== atLeastMinor ? minor > atLeastMinor : patch >= atLeastPatch;
  });
}

function numbersOf(version: string): number[] {
  return version.replace(/^v/, '').split('.').map(Number);
}
