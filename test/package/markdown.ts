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

/** The relative links of a Markdown text, images too; those in code are not looked at. */
export function linksOf(markdown: string): string[] {
  const links = [...withoutCode(markdown).matchAll(/\]\(([^()\s]+)(?: "[^"]*")?\)/g)];
  return links.map(([, link = '']) => link).filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

/** The anchors of its headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  const headings = withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *#*$/gm);
  return [...headings].map(([, heading = '']) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^( *```+)[^\n]*\n[\s\S]*?^\1 *$/gm, '');
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]+`/g, '');
}
