/** A fenced block of a Markdown file. */
export interface Block {
  /** The file, from the repository's root. */
  readonly file: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  /** `ts`, `yaml`, `console`; empty when there is none. */
  readonly language: string;
  /** What is between the fences, without the path. */
  readonly text: string;
  /** `src/main.ts` of a first line `// src/main.ts` or `# src/main.ts`. */
  readonly path: string | undefined;
}

/** The fenced blocks of a Markdown text, in order; those in a list or a quotation are not looked for. */
export function blocksOf(file: string, markdown: string): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; index++) {
    const [, fence, language = ''] = /^(```+)(\S*)/.exec(lines[index] ?? '') ?? [];
    if (fence === undefined) continue;
    const end = lines.indexOf(fence, index + 1);
    if (end < 0) throw new Error(`${file}:${index + 1} the block has no end`);
    const body = lines.slice(index + 1, end);
    const path = /^(?:\/\/|#) ((?:[\w.-]+\/)*[\w-]+(?:\.[\w-]+)+)$/.exec(body[0] ?? '')?.[1];
    blocks.push({ file, line: index + 1, language, text: `${body.join('\n')}\n`, path });
    index = end;
  }
  return blocks;
}
