import type { Metadata, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { of, type Observable } from 'rxjs';
import { describe, expectTypeOf, it } from 'vitest';
import type { Handlers } from './handlers.js';

interface Note {
  text: string;
}
interface Partially {
  text?: string;
}

/** As ts-proto writes it, `CallContext` replaced by what `@kun/core/proto-types` says it is. */
interface NotesServiceImplementation<CallContextExt = {}> {
  put(request: Note, context: Metadata & CallContextExt): Promise<Partially>;
  list(
    request: Note,
    context: Metadata & CallContextExt,
  ): { [Symbol.asyncIterator](): AsyncIterator<Partially, void> };
  upload(request: AsyncIterable<Note>, context: Metadata & CallContextExt): Promise<Partially>;
  shout(
    request: AsyncIterable<Note>,
    context: Metadata & CallContextExt,
  ): { [Symbol.asyncIterator](): AsyncIterator<Partially, void> };
}

type Notes = Handlers<NotesServiceImplementation>;

describe('Handlers', () => {
  it('gives each kind the three arguments that arrive', () => {
    expectTypeOf<Parameters<Notes['put']>>().toEqualTypeOf<
      [request: Note, metadata: Metadata, call: ServerUnaryCall<Note, Partially>]
    >();
    expectTypeOf<Parameters<Notes['list']>>().toEqualTypeOf<
      [request: Note, metadata: Metadata, call: ServerUnaryCall<Note, Partially>]
    >();
    type OfStream = [
      messages: AsyncIterable<Note> & Observable<Note>,
      metadata: Metadata,
      call: ServerUnaryCall<undefined, Partially>,
    ];
    expectTypeOf<Parameters<Notes['upload']>>().toEqualTypeOf<OfStream>();
    expectTypeOf<Parameters<Notes['shout']>>().toEqualTypeOf<OfStream>();
  });

  it('takes each form of an answer', () => {
    const one = { text: 'a' };
    class Forms implements Notes {
      put = (note: Note, _metadata: Metadata, call: ServerUnaryCall<Note, Partially>) =>
        call.cancelled ? note : Promise.resolve(note);
      async *list(note: Note): AsyncGenerator<Note> {
        yield note;
      }
      upload = (_notes: AsyncIterable<Note>) => of(one);
      shout = (notes: Observable<Note>) => notes;
    }
    class Others implements Pick<Notes, 'list' | 'shout' | 'put'> {
      put = async () => of(one);
      list = () => [one];
      shout = async (notes: AsyncIterable<Note>) => notes;
    }
    expectTypeOf<Forms>().toExtend<Notes>();
    expectTypeOf<Others>().toExtend<Pick<Notes, 'list' | 'shout' | 'put'>>();
  });

  it('refuses what no handler gets, and what answers something else', () => {
    class Wrong implements Pick<Notes, 'put' | 'shout'> {
      // @ts-expect-error -- the second argument is the metadata
      put(_note: Note, context: { readonly user: string }): Note {
        return { text: context.user };
      }
      // @ts-expect-error -- the third argument is the call, not the stream
      shout(
        notes: Observable<Note>,
        _metadata: Metadata,
        _call: ServerDuplexStream<Note, Note>,
      ): Observable<Note> {
        return notes;
      }
    }
    class Misspelt implements Pick<Notes, 'put'> {
      // @ts-expect-error -- no such field
      put(): { tetx: string } {
        return { tetx: 'a' };
      }
    }
    expectTypeOf<Wrong>().not.toExtend<Pick<Notes, 'put' | 'shout'>>();
    expectTypeOf<Misspelt>().not.toExtend<Pick<Notes, 'put'>>();
  });

  it('is more than the generated interface, which has no third argument', () => {
    class Third implements Pick<NotesServiceImplementation, 'list'> {
      // @ts-expect-error -- why Handlers is there
      async *list(note: Note, _metadata: Metadata, call: ServerUnaryCall<Note, Note>): AsyncGenerator<Note> {
        yield { text: call.getPeer() + note.text };
      }
    }
    expectTypeOf<Third>().toBeObject();
  });
});
