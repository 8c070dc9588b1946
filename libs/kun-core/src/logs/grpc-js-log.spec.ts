import { logVerbosity, Metadata, setLogVerbosity } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { takeGrpcJsLog } from './grpc-js-log.js';

afterEach(() => {
  setLogVerbosity(logVerbosity.ERROR);
  vi.restoreAllMocks();
});

/** Has grpc-js complain of what a caller sent. */
function complain(): void {
  Metadata.fromHttp2Headers({ 'bad name': 'the-secret' });
}

describe('takeGrpcJsLog', () => {
  it('writes what grpc-js says, without what callers sent, and not without end', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const lines: string[] = [];
    const release = takeGrpcJsLog((level, message) => lines.push(`${level} ${message}`));
    for (let i = 0; i < 500; i++) complain();
    release();
    expect(lines[0]).toBe('warn grpc-js dropped invalid metadata of a peer');
    expect(lines.length).toBeLessThan(100);
    expect(lines.join()).not.toContain('the-secret');
    expect(printed).not.toHaveBeenCalled();
  });

  it('gives grpc-js its own printing back', () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    takeGrpcJsLog(() => expect.unreachable())();
    complain();
    expect(printed).toHaveBeenCalledOnce();
    expect(String(printed.mock.calls[0]?.[0])).toMatch(/^E Failed to add metadata entry/);
  });
});
