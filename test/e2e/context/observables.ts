import { Controller, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import { concatMap, defer, finalize, from, last, map, mergeMap, Observable, take, timer } from 'rxjs';
import { inCall } from '@kun/core';
import { Gate, Journal, ROUNDS, type Named } from './journal.js';

/** Observables of their own for each call. */
export const Cold = observing('Cold', (gate, started) =>
  defer(() => {
    started();
    return from(gate.pass());
  }).pipe(concatMap(() => timer(0, 1))),
);

/** One source for all calls, which emits in the context of one of them and outside of any. */
export const Shared = observing('Shared', (gate, started) => sharedTicks(gate, started).pipe(inCall()));

/** The same without the operator that restores the call. */
export const SharedUnrestored = observing('SharedUnrestored', sharedTicks);

function sharedTicks(gate: Gate, started: () => void): Observable<number> {
  return new Observable((subscriber) => {
    const subscription = gate.ticks.subscribe(subscriber);
    started();
    void gate.pass();
    return subscription;
  });
}

function observing(service: string, source: (gate: Gate, started: () => void) => Observable<number>): Type {
  @Controller()
  class Observing {
    constructor(
      private readonly journal: Journal,
      private readonly gate: Gate,
    ) {}

    @GrpcMethod(service, 'Unary')
    unary(request: Named): Observable<Named> {
      return this.rounds(request).pipe(last());
    }

    @GrpcMethod(service, 'Watch')
    watch(request: Named): Observable<Named> {
      return this.rounds(request).pipe(finalize(() => this.journal.write('left', request)));
    }

    @GrpcStreamMethod(service, 'Collect')
    collect(requests: Observable<Named>): Observable<Named> {
      return requests.pipe(
        last(),
        concatMap((request) => this.rounds(request)),
        last(),
      );
    }

    @GrpcStreamMethod(service, 'Chat')
    chat(requests: Observable<Named>): Observable<Named> {
      return requests.pipe(
        take(1),
        mergeMap((request) => this.rounds(request).pipe(finalize(() => this.journal.write('left', request)))),
      );
    }

    private rounds(request: Named): Observable<Named> {
      return source(this.gate, () => this.journal.write('first', request)).pipe(
        take(ROUNDS),
        map(() => this.journal.write('then', request)),
      );
    }
  }
  return Observing;
}
