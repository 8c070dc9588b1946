import { Controller, type Type } from '@nestjs/common';
import { GrpcMethod, GrpcStreamMethod } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { Note } from '../fixtures/kinds.module.js';

/** The request of a streaming method: an Observable and an AsyncIterable. */
export type Notes = Observable<Note> & AsyncIterable<Note>;

/** What a test lets the methods do. */
export interface KindsHandlers {
  readonly unary?: (this: void, request: Note) => unknown;
  readonly watch?: (this: void, request: Note) => unknown;
  readonly collect?: (this: void, requests: Notes) => unknown;
  readonly chat?: (this: void, requests: Notes) => unknown;
}

/** A controller of `kinds.proto` that does what the handlers do. */
export function kindsController(handlers: KindsHandlers): Type {
  const lacking = (): never => {
    throw new Error('this test has no such handler');
  };

  @Controller()
  class KindsController {
    @GrpcMethod('Kinds')
    unary(request: Note): unknown {
      return (handlers.unary ?? lacking)(request);
    }

    @GrpcMethod('Kinds')
    watch(request: Note): unknown {
      return (handlers.watch ?? lacking)(request);
    }

    @GrpcStreamMethod('Kinds')
    collect(requests: Notes): unknown {
      return (handlers.collect ?? lacking)(requests);
    }

    @GrpcStreamMethod('Kinds')
    chat(requests: Notes): unknown {
      return (handlers.chat ?? lacking)(requests);
    }
  }
  return KindsController;
}

/** The methods of `kinds.proto`, one of each kind. */
export const METHODS = ['Unary', 'Watch', 'Collect', 'Chat'] as const;
