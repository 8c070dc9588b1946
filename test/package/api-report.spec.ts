import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { apiReports, ENTRIES, everyName, type ApiReport } from './api-report.js';
import { ROOT } from './published.js';

/**
 * Names that stand in a public declaration and are nobody's to write down, and why. Each must be in use, so that this
 * list only gets shorter.
 */
const UNNAMED: Readonly<Record<string, string>> = {
  ConfigChangeHandlers: 'given to the module by Nest',
  ConsistentOutcome: 'given to Configuration by the module that makes it',
  LoadedParts: 'given to LoadedConfig by loadConfig, which makes it',
  UnionToIntersection: 'Outputs says what comes of it',
  Handler: "Handlers<Service>['method'] is its name",
  Answer: 'ReturnType<HandlerOf<Method>> is its name',
  Declarations: 'machinery of settingsSchema; what a declaration of one needs to name is exported',
  Declared: 'as Declarations',
  HeldOf: 'as Declarations',
  NowOf: 'as Declarations',
  Reload: 'as Declarations',
  Said: 'as Declarations',
  Simple: 'as Declarations',
  Surroundings: 'as Declarations',
  BudgetHolder: 'a WireProcess is handed to connections as it is; what it keeps is theirs',
  BufferPool: 'as BudgetHolder',
  ByteBudget: 'as BudgetHolder',
  InflationQueue: 'as BudgetHolder',
  Timers: 'as BudgetHolder',
  TokenBucket: 'as BudgetHolder',
  TurnEnd: 'as BudgetHolder',
  LateComers: 'as BudgetHolder',
  WorkTurns: 'as BudgetHolder',
};

const reports = apiReports(ENTRIES.map(({ declarations }) => declarations));
const byEntry = ENTRIES.map(({ specifier }, index) => [specifier, reports[index]!] as const);

describe('the public API', () => {
  it.each(byEntry)('of %s is as its report says; npm run docs writes it', async (specifier, report) => {
    const file = join(ROOT, 'docs/api', `${specifier.replace('@', '').replaceAll('/', '-')}.api.md`);
    await expect(markdown(specifier, report)).toMatchFileSnapshot(file);
  });

  it.each(byEntry)('of %s has at run time what its declarations promise', async (specifier, { names }) => {
    const loaded: object = await import(specifier);
    const promised = names.filter(({ isValue }) => isValue).map(({ name }) => name);
    expect(Object.keys(loaded).toSorted()).toEqual(promised.toSorted());
  });

  it('has a name to import for whatever stands in a signature', () => {
    const missing = reports.flatMap((report) => report.missing);
    const nameOf = (line: string) => line.split(' ')[0] ?? '';
    expect(missing.filter((line) => !(nameOf(line) in UNNAMED))).toEqual([]);
    expect(Object.keys(UNNAMED).filter((name) => !missing.map(nameOf).includes(name))).toEqual([]);
  });

  it('can be imported, every name of it, and passed on by a package with declarations of its own', () => {
    expect(compile(everyName(reports))).toEqual([]);
    // What the compiler would say of a name that is not there.
    expect(compile(`import type { Missing } from '@kun/core';\nexport type M = Missing;`)).toHaveLength(1);
  }, 60_000);
});

describe('a report', () => {
  it('says the same of choices in whatever order the compiler infers them, and leaves what was written as it is', () => {
    const folder = temporary('libs/kun-ordered/dist');
    try {
      const reportOf = (name: string, inferred: string) => {
        const file = join(folder, `${name}.d.ts`);
        writeFileSync(file, `export declare const a: ${inferred};\nexport type B = 'z' | 'a';`);
        return file;
      };
      const [first, second] = apiReports([
        reportOf('first', `Key<{ warn: 'warn'; info: 'info' }, 'warn' | 'info'>`),
        reportOf('second', `Key<{ info: 'info'; warn: 'warn' }, 'info' | 'warn'>`),
      ]);
      expect(first?.names).toEqual(second?.names);
      expect(first?.names[1]?.declaration).toContain(`'info' | 'warn'`);
      expect(first?.names[0]?.declaration).toBe(`export type B = 'z' | 'a';`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('finds what is reachable and not exported, and leaves private members out', () => {
    const folder = temporary('libs/kun-planted/dist');
    try {
      writeFileSync(
        join(folder, 'parts.d.ts'),
        `export interface Hidden { readonly a: Deeper }\nexport interface Deeper {}\nexport declare const TEXTS: readonly ['a'];`,
      );
      writeFileSync(
        join(folder, 'index.d.ts'),
        `import type { Hidden, TEXTS } from './parts.js';
export type Text = (typeof TEXTS)[number];
export declare class Shown {
    private readonly secret: Hidden;
    #own;
    /** Says what. */
    take(value: Hidden, ...rest: import('./parts.js').Deeper[]): void;
}`,
      );
      const [report] = apiReports([join(folder, 'index.d.ts')]);
      expect(report?.missing).toEqual([
        'Deeper (kun-planted/dist/parts.d.ts), in Shown',
        'Hidden (kun-planted/dist/parts.d.ts), in Shown',
      ]);
      expect(report?.names.map(({ declaration }) => declaration)).toEqual([
        `export declare class Shown {\n    take(value: Hidden, ...rest: import('./parts.js').Deeper[]): void;\n}`,
        `export type Text = (typeof TEXTS)[number];`,
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function temporary(below: string): string {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const folder = join(mkdtempSync(join(ROOT, '.cache/api-')), below);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function markdown(specifier: string, { names }: ApiReport): string {
  const all = names.map(({ declaration }) => declaration).join('\n\n');
  return `# The API of ${specifier}

Every name that can be imported, with its declaration, in alphabetical order. Written by \`npm run docs\`; what changes
here changes for users, and belongs into the changelog.

<!-- prettier-ignore-start -->

\`\`\`\`ts
${all}
\`\`\`\`

<!-- prettier-ignore-end -->
`;
}

function compile(text: string): string[] {
  const file = join(ROOT, 'test/package/every-name.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    declaration: true,
    skipLibCheck: true,
  };
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => path === file || disk.fileExists(path),
    getSourceFile: (path, version) =>
      path === file ? ts.createSourceFile(path, text, version) : disk.getSourceFile(path, version),
  };
  const compiled = ts.createProgram([file], options, host);
  const source = compiled.getSourceFile(file);
  const found = [
    ...ts.getPreEmitDiagnostics(compiled, source),
    ...compiled.getDeclarationDiagnostics(source),
  ];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
