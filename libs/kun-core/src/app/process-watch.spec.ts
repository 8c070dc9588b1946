import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProcessWatch, type Membership, type ProcessMember, type ProcessTarget } from './process-watch.js';

/** A process of which nothing is real but its events. */
class FakeProcess extends EventEmitter implements ProcessTarget {
  exitCode: number | undefined;
  readonly exits: Array<number | undefined> = [];
  text = '';
  readonly stderr = { write: (text: string) => (this.text += text) };

  exit(code?: number): void {
    this.exits.push(code);
  }

  get listening(): number {
    return this.eventNames().reduce((sum, name) => sum + this.listenerCount(name), 0);
  }
}

class FakeMember implements ProcessMember {
  readonly told: string[] = [];
  readonly membership: Membership;
  running = false;
  tolerant = false;
  failed: unknown;

  constructor(watch: ProcessWatch) {
    this.membership = watch.join(this);
  }

  stop = (reason: string): void => void this.told.push(`stop ${reason}`);
  force = (): void => void this.told.push('force');
  owns = (): boolean => this.running;
  toleratesRejection = (): boolean => this.tolerant;
  fatal = (_error: unknown, _origin: string, forced: boolean): void =>
    void this.told.push(forced ? 'fatal again' : 'fatal');
  cut = (code: number): void => void this.told.push(`cut ${code}`);
  explain = (error: unknown): string | undefined => (error === this.failed ? 'cannot start' : undefined);
}

describe('ProcessWatch', () => {
  let target: FakeProcess;
  let watch: ProcessWatch;
  beforeEach(() => {
    target = new FakeProcess();
    watch = new ProcessWatch(target);
  });

  it('listens while there is an application, and leaves nothing behind', () => {
    const members = [new FakeMember(watch), new FakeMember(watch)];
    members[0]?.membership.listenTo(['SIGHUP', 'SIGHUP', 'SIGTERM']);
    expect(target.eventNames().map(String).toSorted()).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGTERM',
      'exit',
      'uncaughtException',
      'unhandledRejection',
    ]);
    expect(target.listening).toBe(6);
    for (const { membership } of members) membership.leave();
    expect(target.listening).toBe(0);
    // Nothing of the first round is left for a second.
    const later = new FakeMember(watch);
    target.emit('SIGTERM', 'SIGTERM');
    expect(later.told).toEqual(['stop SIGTERM']);
  });

  it('stops all at the first signal, forces at each one after it, and ends with the last and the worst', () => {
    const members = [new FakeMember(watch), new FakeMember(watch)];
    target.emit('SIGTERM', 'SIGTERM');
    target.emit('SIGINT', 'SIGINT');
    for (const { told } of members) expect(told).toEqual(['stop SIGTERM', 'force']);
    members[0]?.membership.leave(1);
    expect(target.exitCode).toBeUndefined();
    members[1]?.membership.leave(0);
    expect(target.exitCode).toBe(1);
    target.emit('SIGTERM', 'SIGTERM');
    expect(target.exits).toEqual([1]);
  });

  it('gives an error to the application whose code runs, else to the last, and stops all', () => {
    const [first, second] = [new FakeMember(watch), new FakeMember(watch)];
    first.running = true;
    target.emit('uncaughtException', new Error('boom'), 'uncaughtException');
    expect(first.told).toEqual(['fatal', 'stop uncaughtException']);
    expect(second.told).toEqual(['stop uncaughtException']);
    first.running = false;
    for (let n = 0; n < 3; n++) target.emit('unhandledRejection', new Error('again'));
    expect(first.told.slice(2)).toEqual(['force', 'force', 'force']);
    expect(second.told.slice(1)).toEqual(['fatal again', 'force', 'force', 'force']);
    first.membership.leave(0);
    second.membership.leave(0);
    expect(target.exitCode).toBe(1);
  });

  it('does not force at the first signal after an error', () => {
    const member = new FakeMember(watch);
    target.emit('uncaughtException', new Error('boom'), 'uncaughtException');
    target.emit('SIGTERM', 'SIGTERM');
    expect(member.told).toEqual(['fatal', 'stop uncaughtException']);
    target.emit('SIGTERM', 'SIGTERM');
    expect(member.told.at(-1)).toBe('force');
  });

  it.each(['unhandledRejection', 'uncaughtException'])(
    'goes on after a tolerated rejection, told by %s',
    (event) => {
      const member = new FakeMember(watch);
      member.tolerant = true;
      // With --unhandled-rejections=strict a rejection comes as an exception of that origin.
      target.emit(event, new Error('boom'), 'unhandledRejection');
      expect(member.told).toEqual([]);
    },
  );

  it('says what a failed start said, once, and leaves it to others who watch', () => {
    const member = new FakeMember(watch);
    member.failed = new Error('no');
    target.emit('unhandledRejection', member.failed);
    expect([target.text, target.exits, member.told]).toEqual(['cannot start\n', [1], []]);
    target.on('uncaughtException', () => {});
    target.emit('unhandledRejection', member.failed);
    expect(target.exits).toHaveLength(1);
  });

  it('ends at once where nothing was made yet, and stops what joins a process that ends', async () => {
    const member = new FakeMember(watch);
    target.emit('SIGTERM', 'SIGTERM');
    const late = new FakeMember(watch);
    await Promise.resolve();
    expect(late.told).toEqual(['stop SIGTERM']);
    late.membership.end(0, 'now');
    expect(target.exits).toEqual([]);
    member.membership.end(0, 'now');
    expect(target.exits).toEqual([0]);
  });

  it('tells the applications of an exit that is not its own', () => {
    const member = new FakeMember(watch);
    target.emit('exit', 7);
    expect(member.told).toEqual(['cut 7']);
    member.membership.end(0);
    target.emit('exit', 0);
    expect(member.told).toHaveLength(1);
  });
});
