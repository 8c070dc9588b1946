import type { LogLine, LogRecorder } from '../log-recorder.js';
import { failure, matches, type Expected } from './expected.js';

/** How long a line may take that is on its way, in milliseconds. */
const SOON_MS = 1000;

/**
 * A line with these fields, written already or within a second; a caller has its answer before the service has written
 * the line of the call.
 *
 * ```ts
 * const { request_id } = await expectLine(service.logs, { msg: 'finished call', 'grpc.code': 'NotFound' });
 * ```
 *
 * @throws {AssertionError} with the lines there were, the nearest first.
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
 * No line with these fields so far.
 *
 * @throws {AssertionError} with those that there are.
 */
export function expectNoLine(logs: LogRecorder, expected: Readonly<Record<string, Expected>>): void {
  const found = logs.where((line) => matches(line, expected));
  if (found.length > 0) throw failure('no log line with', expected, found);
}
