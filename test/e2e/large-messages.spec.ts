import { status } from '@grpc/grpc-js';
import { startTestService, type TestService } from '@kun/core/testing';
import { afterEach, expect, it } from 'vitest';
import { KINDS, kindsModule, type Note } from '../fixtures/kinds.module.js';
import { call } from './call.js';
import { kindsController } from './kinds-controller.js';

// The memory of large messages is given back as soon as they were read or sent.

let service: TestService;
afterEach(() => service.close());

/** More than a MiB of each, and less than the 4 MiB that a message may have. */
const CHARACTERS = 1_200_000;

it.each(['identity', 'gzip'])(
  'large messages arrive whole in every kind, and stay what they are: %s',
  async (algorithm) => {
    const kept: Note[] = [];
    const keep = (note: Note): Note => {
      kept.push(note);
      return note;
    };
    service = await startTestService(
      kindsModule({
        controllers: [
          kindsController({
            unary: keep,
            watch: (note) => [keep(note), note, note],
            async *chat(notes) {
              for await (const note of notes) yield keep(note);
            },
          }),
        ],
      }),
      { overrides: { GRPCServer: { DefaultCompressionAlgorithm: algorithm } } },
    );
    const client = service.grpcClient(KINDS);
    const texts = ['a', 'é', '✓'].map((unit) => unit.repeat(CHARACTERS));
    const answers = await Promise.all(
      texts.flatMap((text) => [
        call(client, 'Unary', { requests: [{ text }] }),
        call(client, 'Watch', { requests: [{ text }] }),
        call(client, 'Chat', { requests: [{ text }, { text: 'small' }, { text }] }),
      ]),
    );
    for (const [index, text] of texts.entries()) {
      const [unary, watch, chat] = answers.slice(3 * index);
      expect([unary?.code, watch?.code, chat?.code]).toEqual([status.OK, status.OK, status.OK]);
      const same = [unary, watch, chat].map((outcome) =>
        outcome?.messages.map((note) => note['text'] === text),
      );
      expect(same).toEqual([[true], [true, true, true], [true, false, true]]);
    }
    expect(kept.filter(({ text }) => !texts.includes(text)).map(({ text }) => text)).toEqual([
      'small',
      'small',
      'small',
    ]);
  },
);
