import type { McpTool } from './tool.js';

/** In characters of JSON: some 15 000 tokens, which clients take without cutting by themselves. */
export const MAX_ANSWER_CHARACTERS = 48 * 1024;

/** The answer, with its list truncated if it would be too long; it then says so, and how to ask for less. */
export function boundedAnswer(
  answer: object,
  cuts: McpTool['cuts'],
  maxCharacters = MAX_ANSWER_CHARACTERS,
): object {
  const { length } = JSON.stringify(answer);
  if (length <= maxCharacters) return answer;
  const list: unknown = cuts && Reflect.get(answer, cuts.list);
  const kept = cuts && Array.isArray(list) ? cutList(answer, list, cuts, maxCharacters) : undefined;
  if (kept && JSON.stringify(kept).length <= maxCharacters) return kept;
  const why = `the answer has ${length} characters of JSON, and ${maxCharacters} are given; this is its beginning`;
  return { leftOut: { why }, beginning: JSON.stringify(answer).slice(0, maxCharacters / 3) };
}

/** Room for the note on what was left out. */
const RESERVED = 500;

function cutList(
  answer: object,
  list: readonly unknown[],
  { list: name, narrow }: NonNullable<McpTool['cuts']>,
  maxCharacters: number,
): object | undefined {
  let room = maxCharacters - RESERVED - JSON.stringify({ ...answer, [name]: [] }).length;
  let kept = 0;
  for (const item of list) {
    room -= (JSON.stringify(item) ?? 'null').length + 1;
    if (room < 0) break;
    kept++;
  }
  if (kept === 0) return undefined;
  const why = `the answer would be too long; ask for less: ${narrow}`;
  return { ...answer, [name]: list.slice(0, kept), leftOut: { [name]: list.length - kept, why } };
}
