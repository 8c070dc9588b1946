import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file to send. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

/** The page's document. */
export interface PageDocument extends PageFile {
  /** The hash of its inline script, as in a policy: `sha256-...`. */
  readonly scriptHash: string;
}

/** The files of the page; none come from elsewhere. */
export interface PageFiles {
  readonly document: PageDocument;
  /** The files below `/page/`, by name. */
  readonly files: ReadonlyMap<string, PageFile>;
}

const PACKAGE = new URL('../../../', import.meta.url);
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** What the page imports by name, each under a name of its own below `/page/`. */
const LIBRARIES: Readonly<Record<string, string>> = {
  preact: 'preact.js',
  'preact/hooks': 'preact-hooks.js',
  'preact/jsx-runtime': 'preact-jsx-runtime.js',
};

/**
 * Reads the page: its compiled modules, its style, and preact, which it is written with.
 *
 * @throws {Error} when a file of the package is missing.
 */
export async function readPageFiles(): Promise<PageFiles> {
  const compiled = await filesIn(new URL('dist/page/', PACKAGE), ['.js']);
  const written = await filesIn(new URL('page/static/', PACKAGE), ['.css', '.svg']);
  const libraries = await Promise.all(
    Object.entries(LIBRARIES).map(async ([name, file]): Promise<[string, PageFile]> => {
      const body = await readFile(fileURLToPath(import.meta.resolve(name)));
      return [file, { contentType: CONTENT_TYPES['.js']!, body: withoutSourceMap(body) }];
    }),
  );
  return { document: await readDocument(), files: new Map([...compiled, ...written, ...libraries]) };
}

async function readDocument(): Promise<PageDocument> {
  const imports = Object.entries(LIBRARIES).map(([name, file]) => [name, `./page/${file}`]);
  const importMap = JSON.stringify({ imports: Object.fromEntries(imports) as object });
  const written = await readFile(new URL('page/static/index.html', PACKAGE), 'utf8');
  const html = written.replace('{{import-map}}', importMap);
  // Exactly as in the document, with its whitespace.
  const [, script = ''] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html) ?? [];
  return {
    contentType: 'text/html; charset=utf-8',
    body: Buffer.from(html),
    scriptHash: `sha256-${createHash('sha256').update(script).digest('base64')}`,
  };
}

async function filesIn(folder: URL, endings: readonly string[]): Promise<Array<[string, PageFile]>> {
  const names = (await readdir(folder)).filter((name) => endings.includes(extname(name)));
  return Promise.all(
    names.map(async (name): Promise<[string, PageFile]> => {
      const contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
      return [name, { contentType, body: await readFile(new URL(name, folder)) }];
    }),
  );
}

/** Removes the reference to a source map that is not served. */
function withoutSourceMap(body: Buffer): Buffer {
  return Buffer.from(body.toString().replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, '\n'));
}
