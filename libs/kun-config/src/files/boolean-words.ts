/**
 * The boolean that `yes`, `no`, `on` or `off` means, in the letter cases that YAML 1.1 knew (`yes`, `Yes`, `YES`);
 * undefined for any other word. YAML 1.2 reads them as strings, so a schema decides which of the two is meant.
 */
export function booleanWord(word: string): boolean | undefined {
  return WORDS.get(word);
}

const WORDS: ReadonlyMap<string, boolean> = new Map(
  [
    ['yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
    ['no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ].flat(),
);
