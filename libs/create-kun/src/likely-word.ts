/**
 * The word most likely meant by a misspelt one: the one that shares the most pairs of adjacent letters (Dice's
 * coefficient), if the coefficient is at least a half. Written here because a command that is fetched to run once
 * should not have dependencies.
 */
export function likelyWord(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((each) => ({ each, alike: likeness(word.toLowerCase(), each.toLowerCase()) }))
    .toSorted((a, b) => b.alike - a.alike);
  return best && best.alike >= 0.5 ? best.each : undefined;
}

/** `; did you mean --yes?`, or an empty string. */
export function meant(word: string, known: readonly string[]): string {
  const likely = likelyWord(word, known);
  return likely === undefined ? '' : `; did you mean ${likely}?`;
}

function likeness(a: string, b: string): number {
  // Words with two letters swapped share few pairs, but all letters.
  if (sorted(a) === sorted(b)) return 1;
  const left = pairs(a);
  const right = pairs(b);
  const shared = left.filter((pair) => {
    const at = right.indexOf(pair);
    if (at >= 0) right.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / Math.max(1, left.length + shared.length + right.length);
}

function sorted(word: string): string {
  return word.split('').toSorted().join('');
}

function pairs(word: string): string[] {
  return Array.from(word.slice(1), (letter, index) => `${word.charAt(index)}${letter}`);
}
