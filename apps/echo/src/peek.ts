/** The first of a stream, if there is one, and the whole stream, the first included. */
export interface Peeked<T> {
  readonly first: T | undefined;
  readonly all: AsyncGenerator<T>;
}

/** Waits for the first message of a stream. */
export async function peek<T>(stream: AsyncIterable<T>): Promise<Peeked<T>> {
  const iterator = stream[Symbol.asyncIterator]();
  const step = await iterator.next();
  async function* all(): AsyncGenerator<T> {
    try {
      for (let next = step; !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first: step.done ? undefined : step.value, all: all() };
}
