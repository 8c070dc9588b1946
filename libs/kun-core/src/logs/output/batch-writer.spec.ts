import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, closeSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchWriter } from './batch-writer.js';

// A pipe whose reader the test is: what fits, and when, is up to the test.
let folder: string;
let reader: number;
let writer: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kun-batch-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
});
afterEach(() => {
  closeSync(writer);
  rmSync(folder, { recursive: true });
});

function read(bytes: number): string {
  const buffer = Buffer.alloc(bytes);
  try {
    return buffer.toString('latin1', 0, readSync(reader, buffer));
  } catch {
    return '';
  }
}

describe('BatchWriter', () => {
  it('delivers every line to the reader, whole and in order, or counts it as lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: 0, max: 60_000 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (steps) => {
          let refused = '';
          const writing = new BatchWriter(
            { fd: writer, nonBlocking: true, close() {} },
            {
              onRefused: (rest) => (refused += Buffer.from(rest).toString('latin1')),
              onEmpty: () => undefined,
            },
          );
          let sent = '';
          let got = '';
          for (const [index, [size, taken]] of steps.entries()) {
            const line = `${index} ${'x'.repeat(size)}\n`;
            sent += line;
            writing.add(Buffer.from(line));
            writing.flushSync(0);
            got += read(taken + 1);
          }
          for (let more = read(1 << 20); more !== ''; more = read(1 << 20)) got += more;
          const whole = got.split('\n').filter((line) => sent.includes(`${line}\n`) && line !== '');
          const lost = refused.split('\n').length - 1;
          expect(whole.length + lost).toBe(steps.length);
          expect(whole.map((line) => Number.parseInt(line))).toEqual(
            whole.map((line) => Number.parseInt(line)).toSorted((a, b) => a - b),
          );
          expect(writing.empty).toBe(true);
          expect(writing.waitingBytes).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
    closeSync(reader);
  });

  it('settles a flush and forgets what waits when the reader is gone', async () => {
    closeSync(reader);
    const refused: string[] = [];
    const writing = new BatchWriter(
      { fd: writer, nonBlocking: true, close() {} },
      { onRefused: (_, error) => refused.push(error.message), onEmpty: () => undefined },
    );
    writing.add(Buffer.from('one\n'));
    await writing.flush();
    expect(refused).toEqual([expect.stringContaining('EPIPE')]);
    expect(writing.waitingBytes).toBe(0);
  });
});
