import type { HeaderList } from './header-list.js';

/** The number of blocks cached per peer; about the number of methods that a caller uses. */
const MAX_BLOCKS = 64;
/** Longer blocks are rarely equal. */
const MAX_BLOCK_BYTES = 1024;
/** After this many unknown blocks in a row, the peer's headers evidently differ in each call and caching is useless. */
const VAIN_ATTEMPTS = 32;
/** From then on one block in this many is still cached, in case they start to repeat. */
const SAMPLE = 64;

/**
 * Caches the decoded form of whole header blocks while the decoder's table does not change, since callers repeat their
 * headers byte for byte. Its memory is bounded; for callers that never repeat themselves it only samples.
 */
export class BlockMemory {
  // Created with the first cached block; many connections stay idle.
  private known: Map<string, HeaderList> | undefined;
  private generation = -1;
  private inVain = 0;

  /** The key of a block, if it is worth looking up or caching. */
  keyOf(block: Buffer, start: number, end: number): string | undefined {
    if (end - start > MAX_BLOCK_BYTES) return undefined;
    if (this.inVain >= VAIN_ATTEMPTS && this.inVain++ % SAMPLE !== 0) return undefined;
    return block.toString('latin1', start, end);
  }

  find(key: string, generation: number): HeaderList | undefined {
    if (generation !== this.generation) return undefined;
    const list = this.known?.get(key);
    if (list !== undefined) this.inVain = 0;
    return list;
  }

  /** Caches the list of a block that was decoded at a generation of the table and left the table unchanged. */
  keep(key: string, list: HeaderList, generation: number): void {
    this.inVain++;
    const known = (this.known ??= new Map<string, HeaderList>());
    if (generation !== this.generation || known.size >= MAX_BLOCKS) {
      known.clear();
      this.generation = generation;
    }
    known.set(key, list);
  }
}
