import { Injectable, Logger } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Subject } from 'rxjs';
import { currentCall } from '@kun/core';

/** `text` is the call's request id, said by the caller: what lines are compared with. */
export interface Named {
  readonly text: string;
}

/** Lines of a stream's handler, or of one that answers once. */
export const ROUNDS = 3;

/** Writes with loggers that were made by others. */
@Injectable()
export class Clerk {
  private readonly logger = new Logger('Clerk');

  async write(step: string, { text }: Named): Promise<void> {
    this.logger.log(`${step} clerk ${text}`);
    await Promise.resolve();
    this.logger.warn(`${step} clerk-later ${text}`);
  }
}

/** Writes a step of a call with every logger that there is, all meant for the call's own id. */
@Injectable()
export class Journal {
  private readonly logger = new Logger('Journal');

  constructor(
    private readonly pino: PinoLogger,
    private readonly clerk: Clerk,
  ) {}

  write(step: string, named: Named): Named {
    currentCall()?.tags.set('who', named.text);
    this.logger.log(`${step} nest ${named.text}`);
    this.pino.info({ step }, `${step} pino ${named.text}`);
    void this.clerk.write(step, named);
    return named;
  }
}

/** Holds every handler until all calls are under way; opened by the last, in the context of its call. */
@Injectable()
export class Gate {
  /** One for all calls. */
  readonly ticks = new Subject<number>();
  readonly open: Promise<void>;
  private missing = 0;
  private release!: () => void;

  constructor() {
    this.open = new Promise((resolve) => (this.release = resolve));
  }

  expect(calls: number): void {
    this.missing = calls;
  }

  pass(): Promise<void> {
    if (--this.missing === 0) {
      this.ticks.next(0);
      this.release();
    }
    return this.open;
  }
}
