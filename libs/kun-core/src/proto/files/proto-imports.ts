import protobuf from 'protobufjs';

/** An import statement of a proto file. */
export interface ProtoImport {
  readonly path: string;
  readonly kind: 'plain' | 'public' | 'weak' | 'option';
  readonly line: number;
}

/**
 * The imports of a proto file. They are taken from the tokens, since protobufjs' parser reports neither the line nor
 * whether an import is public, and omits those of options.
 *
 * @throws {Error} when a comment or string is not terminated.
 */
export function importsOf(text: string): ProtoImport[] {
  const imports: ProtoImport[] = [];
  if (!text.includes('import')) return imports;
  const tokens = protobuf.tokenize(text, false);
  let depth = 0;
  let statementStarts = true;
  for (let token = tokens.next(); token !== null; token = tokens.next()) {
    if (token === 'import' && statementStarts && depth === 0) {
      const { line } = tokens;
      const modifier = tokens.next();
      const kind = KINDS.find((word) => word === modifier);
      const quote = kind ? tokens.next() : modifier;
      // The parser refuses anything else.
      if (quote === '"' || quote === "'") {
        imports.push({ path: tokens.next() ?? '', kind: kind ?? 'plain', line });
        tokens.next();
      }
    } else if (token === '"' || token === "'") {
      tokens.next();
      tokens.next();
    }
    if (token === '{') depth += 1;
    if (token === '}') depth -= 1;
    statementStarts = token === ';' || token === '}';
  }
  return imports;
}

const KINDS = ['public', 'weak', 'option'] as const;
