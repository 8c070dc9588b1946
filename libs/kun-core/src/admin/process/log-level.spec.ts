import pino from 'pino';
import { expect, it } from 'vitest';
import type { LogLevel } from '../../settings/keys/logger.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { LogLevelOverride } from './log-level.js';

/** A logger that follows the configuration, as the application's does, and what takes its level over. */
function overridden() {
  const clock = new FakeClock(0);
  const lines: string[] = [];
  const own = pino(
    { level: 'info', base: undefined, timestamp: false },
    { write: (line) => lines.push(line) },
  );
  const logger = {
    pino: own,
    get level() {
      return own.level as LogLevel;
    },
    set level(level: LogLevel) {
      own.level = level;
    },
  };
  let configured: LogLevel = 'info';
  const listeners = new Set<(level: LogLevel) => void>();
  const live = {
    get current() {
      return configured;
    },
    subscribe(listener: (level: LogLevel) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  live.subscribe((level) => (logger.level = level));
  const level = new LogLevelOverride({ logger, configured: live, clock });
  const configure = (next: LogLevel) => {
    configured = next;
    for (const listener of listeners) listener(next);
  };
  return { clock, logger, level, lines, configure };
}

it('holds for its time, and goes back by itself', async () => {
  const { clock, logger, level, lines } = overridden();
  expect(level.answer).toEqual({ level: 'info', configured: 'info' });
  expect(level.set({ level: 'debug', forSeconds: 60 })).toEqual({
    level: 'debug',
    configured: 'info',
    revertsAt: 60_000,
  });
  await clock.advance(59_999);
  expect(logger.level).toBe('debug');
  await clock.advance(1);
  expect(level.answer).toEqual({ level: 'info', configured: 'info' });
  expect(clock.scheduled).toBe(0);
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'the log level was set for a time',
    "the log level is the configuration's again",
  ]);
});

it('goes over a configuration that changes meanwhile, and back to what that says by then', async () => {
  const { clock, logger, level, configure } = overridden();
  level.set({ level: 'trace', forSeconds: 60 });
  configure('error');
  expect(logger.level).toBe('trace');
  expect(level.answer.configured).toBe('error');
  await clock.advance(60_000);
  expect(logger.level).toBe('error');
  configure('warn');
  expect(logger.level).toBe('warn');
});

it('counts anew when it is set again, and can be taken back', async () => {
  const { clock, logger, level } = overridden();
  level.set({ level: 'debug', forSeconds: 60 });
  await clock.advance(50_000);
  level.set({ level: 'silent', forSeconds: 60 });
  await clock.advance(50_000);
  expect(logger.level).toBe('silent');
  expect(level.revert('enough')).toEqual({ level: 'info', configured: 'info' });
  expect(clock.scheduled).toBe(0);
  level.set({ level: 'debug' });
  expect(level.answer.revertsAt).toBe(clock.now() + 600_000);
  level.stop();
  expect(clock.scheduled).toBe(0);
});

it.each([
  [undefined],
  [null],
  ['debug'],
  [{}],
  [{ level: 'loud' }],
  [{ level: 'constructor' }],
  [{ level: ['debug'] }],
  [{ level: 'debug', minutes: 1 }],
  [{ level: 'debug', forSeconds: 0 }],
  [{ level: 'debug', forSeconds: -1 }],
  [{ level: 'debug', forSeconds: 86_401 }],
  [{ level: 'debug', forSeconds: '60' }],
  [{ level: 'debug', forSeconds: null }],
  [{ level: 'debug', forSeconds: Number.NaN }],
])('refuses %j', (body) => {
  const { level, logger } = overridden();
  expect(() => level.set(body)).toThrow(expect.objectContaining({ name: 'HttpError', status: 400 }) as Error);
  expect(logger.level).toBe('info');
});
