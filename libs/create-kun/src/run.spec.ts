import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from './run.js';

const root = mkdtempSync(join(tmpdir(), 'create-kun-spec-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const newFolder = () => {
  const folder = join(root, `a folder ${count++}`);
  mkdirSync(folder);
  return folder;
};

async function create(cwd: string, args: readonly string[], userAgent = '', answers?: string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await run(args, {
    out: (text) => out.push(text),
    error: (text) => error.push(text),
    cwd,
    userAgent,
    ask: answers && (async (_, fallback) => Promise.resolve(answers.shift() ?? fallback)),
  });
  return { code, out: out.join('\n'), error: error.join('\n') };
}

const filesOf = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' });
function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

describe('create-kun', () => {
  it('leaves no name of the template behind, and has the files that npm leaves out of packages', async () => {
    const cwd = newFolder();
    expect(await create(cwd, ['@acme/order-book'])).toMatchObject({ code: 0 });
    const files = filesOf(join(cwd, 'order-book'));
    expect(files).toEqual(
      expect.arrayContaining(['.gitignore', '.vscode/settings.json', '.github/workflows/ci.yml']),
    );
    expect(files).toContain('proto/acme/order_book/v1/order_book.proto');
    const texts = files.filter((file) => /\.\w+$/.test(file) && !file.endsWith('.github'));
    expect(texts.filter((file) => /__[a-zA-Z]|dot_/.test(file))).toEqual([]);
    for (const file of texts.filter((each) => /\.(?:ts|json|ya?ml|md|proto)$/.test(each))) {
      expect(readFileSync(join(cwd, 'order-book', file), 'utf8'), file).not.toMatch(/__[a-zA-Z_]+__/);
    }
  });

  it('asks until an answer will do', async () => {
    const cwd = newFolder();
    const answers = ['My Place', 'My Name', 'my-name', 'acme.orders.v1'];
    expect(await create(cwd, [], '', answers)).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'My Place/package.json'), 'utf8')).toContain('"name": "my-name"');
    expect(filesOf(join(cwd, 'My Place'))).toContain('proto/acme/orders/v1/my_name.proto');
  });

  it('shows the commands of who started it, and quotes a path with spaces', async () => {
    const { out } = await create(newFolder(), ['my service'], 'pnpm/10.1.0 npm/? node/v24.0.0');
    expect(out).toContain('cd "my service"\n  pnpm install\n  pnpm test\n  pnpm start');
    expect(out).toContain('pnpm exec buf curl');
  });

  it.each([
    ['a folder with something in it', 'full', 1, /is not empty \(a\.txt\)/],
    ['a file', 'full/a.txt', 1, /is a file/],
    ['a path through a file', 'full/a.txt/b', 1, /cannot be written: a part of the path is a file/],
    ['characters that Windows has no folder for', 'a:b', 2, /cannot have everywhere/],
  ])('refuses %s, and leaves everything as it was', async (_, place, code, message) => {
    const cwd = write(newFolder(), { 'full/a.txt': 'mine' });
    const ran = await create(cwd, [place]);
    expect(ran).toMatchObject({ code, error: expect.stringMatching(message) });
    expect(filesOf(cwd).toSorted()).toEqual(['full', 'full/a.txt']);
  });

  it('fills a folder in which there is only a repository', async () => {
    const cwd = write(newFolder(), { 'shop/.git/HEAD': 'ref: refs/heads/main' });
    expect(await create(join(cwd, 'shop'), ['.'])).toMatchObject({ code: 0 });
    expect(filesOf(join(cwd, 'shop'))).toEqual(expect.arrayContaining(['.git/HEAD', 'src/main.ts']));
    expect(filesOf(join(cwd, 'shop')).filter((file) => file.startsWith('.create-kun'))).toEqual([]);
  });

  it.each([
    [[], /say where to/],
    [['a', 'b'], /b is one argument too many/],
    [['a', '--name', 'B C'], /must begin with a small letter/],
    [['a', '--name', 'rxjs'], /the name of something else/],
    [['a', '--package', 'Acme'], /proto package/],
    [['a', '--color'], /there is no option --color; see/],
    [
      ['a', '--tempalte', 'x'],
      /there is no option --tempalte; did you mean --template\?; see create-kun --help/,
    ],
    [['add', 'rcp', 'x'], /there is no rcp to add, only rpc, .*; did you mean rpc\?/],
    [
      ['add', 'rpc', 'x', '--steam', 'both'],
      /there is no option --steam; did you mean --stream\?; see create-kun add --help/,
    ],
    [['a', '--set', 'x=1'], /asks for no x/],
    [['add', 'thing', 'x'], /there is no thing to add/],
    [['add', 'config', 'x', '--stream', 'both'], /--stream has no effect for config/],
  ])('says of %j what is wrong with it, with exit code 2', async (args, message) => {
    const cwd = newFolder();
    expect(await create(cwd, args)).toMatchObject({ code: 2, error: expect.stringMatching(message) });
    expect(filesOf(cwd)).toEqual([]);
  });

  it('tells how it is used, and its version', async () => {
    expect(await create(root, ['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--template'),
    });
    expect(await create(root, ['add', '-h'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Usage: create-kun add <what> <name>[^]*add rpc/),
    });
    expect(await create(root, ['add', 'rpc', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Usage: create-kun add rpc <ListThings>[^]*--stream <side>[^]*\nExamples:/),
    });
    expect(await create(root, ['--version'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });
});

describe("a company's own template", () => {
  const template = write(newFolder(), {
    'kun-template.json': JSON.stringify({
      variables: { team: { question: 'Team', default: 'core', pattern: '[a-z]+' } },
      next: ['npm run __team__'],
    }),
    'template/dot_npmrc': 'x=__team__ __unknown__\r\n',
    'template/__service__/a.txt': '__name__ __proto_package__',
  });

  it('has its own variables, and unknown names are left alone', async () => {
    const cwd = newFolder();
    const { out } = await create(cwd, ['shop', '--template', template, '--set', 'team=web']);
    expect(out).toContain('npm run web');
    expect(readFileSync(join(cwd, 'shop/.npmrc'), 'utf8')).toBe('x=web __unknown__\n');
    expect(readFileSync(join(cwd, 'shop/shop/a.txt'), 'utf8')).toBe('shop shop.v1');
  });

  it('refuses values that do not match, paths that are not folders, and links', async () => {
    const cwd = newFolder();
    expect(await create(cwd, ['shop', '--template', template, '--set', 'team=../x'])).toMatchObject({
      code: 2,
    });
    expect(await create(cwd, ['shop', '--template', './nowhere'])).toMatchObject({ code: 1 });
    const linked = write(newFolder(), { 'template/a.txt': '' });
    symlinkSync('/etc/passwd', join(linked, 'template/b.txt'));
    expect(await create(cwd, ['shop', '--template', linked])).toMatchObject({
      code: 1,
      error: expect.stringContaining('no links'),
    });
    expect(existsSync(join(cwd, 'shop'))).toBe(false);
  });
});

describe('create-kun add', () => {
  const service = async () => {
    const cwd = newFolder();
    await create(cwd, ['shop']);
    return join(cwd, 'shop');
  };
  const all = (folder: string) =>
    new Map(
      filesOf(folder)
        .filter((file) => /\.(?:ts|proto)$/.test(file))
        .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
    );

  it.each([
    ['rpc', 'ListThings', ['proto/shop/v1/shop.proto', 'src/handlers.ts']],
    ['upstream', 'stock', ['src/upstreams.ts']],
    ['config', 'Limits', ['src/config/sections.ts']],
    ['interceptor', 'slow-calls', ['src/interceptors.ts']],
  ])('adds %s %s by lines alone, once, from any folder of the service', async (what, name, changed) => {
    const folder = await service();
    const before = all(folder);
    expect(await create(join(folder, 'src'), ['add', what, name])).toMatchObject({ code: 0, error: '' });
    const after = all(folder);
    const edited = [...before].filter(([file, text]) => after.get(file) !== text).map(([file]) => file);
    expect(edited.toSorted()).toEqual(changed);
    for (const file of edited) {
      const left = new Set(after.get(file)?.split('\n'));
      expect(
        before
          .get(file)
          ?.split('\n')
          .filter((line) => !left.has(line)),
      ).toEqual([]);
    }
    expect(await create(folder, ['add', what, name])).toMatchObject({
      code: 1,
      error: expect.stringMatching(/already/),
    });
    expect(all(folder)).toEqual(after);
  });

  it.each([
    ['rpc', 'List', 'src/handlers.ts', 'export const handlers = [];\n', /is not a list of exports any more/],
    ['rpc', 'List', 'proto/shop/v1/shop.proto', 'service ShopService {\n', /braces/],
    [
      'upstream',
      'stock',
      'src/upstreams.ts',
      'export const upstreams = [];\n',
      /"\/\/ create-kun: upstreams" is not there/,
    ],
    [
      'interceptor',
      'slow',
      'src/interceptors.ts',
      '// create-kun: interceptors\n'.repeat(2),
      /more than once/,
    ],
    ['interceptor', 'slow', 'src/interceptors/slow.ts', 'mine\n', /already exists/],
  ])(
    'refuses %s %s where %s has no place for it, and changes nothing',
    async (what, name, file, text, message) => {
      const folder = write(await service(), { [file]: text });
      const before = all(folder);
      expect(await create(folder, ['add', what, name])).toMatchObject({
        code: 1,
        error: expect.stringMatching(message),
      });
      expect(all(folder)).toEqual(before);
    },
  );

  it('adds to a proto with braces in comments and texts, and keeps its line ends', async () => {
    const proto = [
      'syntax = "proto3"; // {',
      'package shop.v1;',
      '/* service Not { */',
      'service ShopService {',
      '    rpc Greet(A) returns (A) { option deprecated = true; } // }',
      '}',
      'message A { string package = 1 [json_name = "}"]; }',
    ].join('\r\n');
    const folder = write(await service(), { 'proto/shop/v1/shop.proto': proto });
    expect(await create(folder, ['add', 'rpc', 'Watch', '--stream', 'response'])).toMatchObject({ code: 0 });
    const text = readFileSync(join(folder, 'proto/shop/v1/shop.proto'), 'utf8');
    expect(text).toContain('} // }\r\n    rpc Watch(WatchRequest) returns (stream WatchResponse);\r\n}\r\n');
    expect(text).toMatch(/message WatchRequest \{\}\r\n\r\nmessage WatchResponse \{\}\r\n$/);
    expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('says so outside of a service', async () => {
    expect(await create(newFolder(), ['add', 'config', 'Limits'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('depends on @kun/core'),
    });
  });
});
