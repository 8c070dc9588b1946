import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A configuration tree below the temporary directory, for specs; `await using` removes it. */
export class TestingTree {
  readonly base: string;

  // Written out, so that Node can run this file as it is.
  private constructor(base: string) {
    this.base = base;
  }

  /** Makes a tree of files; names are relative to its base. */
  static async of(files: Readonly<Record<string, string | Buffer>>): Promise<TestingTree> {
    const tree = new TestingTree(await mkdtemp(join(tmpdir(), 'kun-config-')));
    await tree.write(files);
    return tree;
  }

  async write(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      await writeFile(this.path(name), content);
    }
  }

  path(name: string): string {
    return join(this.base, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.base, { recursive: true, force: true });
  }
}
