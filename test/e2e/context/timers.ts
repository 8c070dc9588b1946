import { Controller } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { concatMap, finalize, last, mergeMap, Observable, of, take } from 'rxjs';
import { Gate, Journal, ROUNDS, type Named } from './journal.js';

/** Handlers whose work is done in timers. */
@Controller()
export class Timers {
  constructor(
    private readonly journal: Journal,
    private readonly gate: Gate,
  ) {}

  @GrpcMethod('Timers', 'Unary')
  unary(request: Named): Promise<Named> {
    this.journal.write('first', request);
    return new Promise((resolve) => {
      void this.gate.pass().then(() =>
        setTimeout(() => {
          this.journal.write('then', request);
          setImmediate(() => {
            this.journal.write('then', request);
            process.nextTick(() => resolve(this.journal.write('then', request)));
          });
        }, 1),
      );
    });
  }

  @GrpcMethod('Timers', 'Watch')
  watch(request: Named): Observable<Named> {
    return this.every(request).pipe(finalize(() => this.journal.write('left', request)));
  }

  @GrpcStreamMethod('Timers', 'Collect')
  collect(requests: Observable<Named>): Observable<Named> {
    return requests.pipe(
      concatMap((request, index) => (index === 0 ? this.opened(request) : of(request))),
      concatMap(
        (request) =>
          new Promise<Named>((resolve) => {
            setTimeout(() => resolve(this.journal.write('then', request)), 1);
          }),
      ),
      last(),
    );
  }

  @GrpcStreamMethod('Timers', 'Chat')
  chat(requests: Observable<Named>): Observable<Named> {
    return requests.pipe(
      take(1),
      mergeMap((request) => this.every(request).pipe(finalize(() => this.journal.write('left', request)))),
    );
  }

  private async opened(request: Named): Promise<Named> {
    this.journal.write('first', request);
    await this.gate.pass();
    return request;
  }

  private every(request: Named): Observable<Named> {
    return new Observable((subscriber) => {
      let rounds = 0;
      let interval: NodeJS.Timeout | undefined;
      void this.opened(request).then(() => {
        interval = setInterval(() => {
          subscriber.next(this.journal.write('then', request));
          if (++rounds === ROUNDS) subscriber.complete();
        }, 1);
        if (subscriber.closed) clearInterval(interval);
      });
      return () => clearInterval(interval);
    });
  }
}
