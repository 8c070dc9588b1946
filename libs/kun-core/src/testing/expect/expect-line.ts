import type { LogLine, LogRecorder } from '../log-recorder.js';
import { failure, matches, type Expected } from './expected.js';

/** How long to wait for a line that is still being written, in milliseconds. */
const SOON_MS = 1000;

/**
 * Expects a line with these fields, already written or written within a second: a caller receives its response before
 * the service writes the call's line.
 *
 * ```ts
 * const { request_id } = await expectLine(service.logs, { msg: 'finished call', 'grpc.code': 'NotFound' });
 * ```
 *
 * @throws {AssertionError} listing the recorded lines, the closest first.
 */
export async function expectLine(
  logs: LogRecorder,
  expected: Readonly<Record<string, Expected>>,
): Promise<LogLine> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SOON_MS);
  });
  const found = await Promise.race([logs.waitFor((line) => matches(line, expected)), late]);
  clearTimeout(timer);
  if (found) return found;
  throw failure('a log line with', expected, logs.lines);
}

/**
 * Expects that no line with these fields has been written so far.
 *
 * @throws {AssertionError} listing the lines that match.
 */
export function expectNoLine(logs: LogRecorder, expected: Readonly<Record<string, Expected>>): void {
  const found = logs.where((line) => matches(line, expected));
  if (found.length > 0) throw failure('no log line with', expected, found);
}
