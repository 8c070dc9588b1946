import { Metadata, status } from '@grpc/grpc-js';
import { expect } from 'vitest';
import type { KunClients } from './kun-client.js';
import { ECHO_INITIAL, ECHO_TRAILING, payloadOf, type OutputRequest } from './messages.js';

/** The official cases as a kun client makes them, by the names of gRPC's document. */
export const CLIENT_CASES: Readonly<Record<string, (kun: KunClients) => Promise<void>>> = {
  async empty_unary({ client }) {
    expect(await client.emptyCall({})).toEqual({});
  },

  async large_unary({ client }) {
    const answer = await client.unaryCall({ response_size: 314_159, payload: payloadOf(271_828) });
    expect(answer.payload.body).toHaveLength(314_159);
  },

  async client_streaming({ client }) {
    const requests = each([27_182, 8, 1828, 45_904].map((size) => ({ payload: payloadOf(size) })));
    expect((await client.streamingInputCall(requests)).aggregated_payload_size).toBe(74_922);
  },

  async server_streaming({ client }) {
    const sizes = [31_415, 9, 2653, 58_979];
    const received: number[] = [];
    const answers = client.streamingOutputCall({ response_parameters: sizes.map((size) => ({ size })) });
    for await (const { payload } of answers) received.push(payload.body.length);
    expect(received).toEqual(sizes);
  },

  async ping_pong({ client }) {
    const game = pingPong();
    const received: number[] = [];
    for await (const { payload } of client.fullDuplexCall(game.requests())) {
      received.push(payload.body.length);
      game.answered();
    }
    expect(received).toEqual([31_415, 9, 2653, 58_979]);
  },

  async empty_stream({ client }) {
    for await (const answer of client.fullDuplexCall(each([]))) expect(answer).toBeUndefined();
  },

  async cancel_after_begin({ client }) {
    const leave = new AbortController();
    const answer = client.streamingInputCall(never(), { signal: leave.signal });
    setImmediate(() => leave.abort());
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
  },

  async cancel_after_first_response({ client }) {
    const leave = new AbortController();
    const received: number[] = [];
    const call = async () => {
      for await (const { payload } of client.fullDuplexCall(pingPong().requests(), {
        signal: leave.signal,
      })) {
        received.push(payload.body.length);
        leave.abort();
      }
    };
    await expect(call()).rejects.toMatchObject({ code: status.CANCELLED });
    expect(received).toEqual([31_415]);
  },

  async timeout_on_sleeping_server({ client }) {
    const call = async () => {
      for await (const _ of client.fullDuplexCall(never({ payload: payloadOf(27_182) }), { timeoutMs: 100 }))
        void 0;
    };
    await expect(call()).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  },

  async unimplemented_method({ lackingMethod }) {
    await expect(lackingMethod.unimplementedCall({})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  },

  async unimplemented_service({ lackingService }) {
    await expect(lackingService.unimplementedCall({})).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  },

  async status_code_and_message({ client }) {
    const response_status = { code: status.UNKNOWN, message: 'test status message' };
    const failure = { code: status.UNKNOWN, message: 'test status message' };
    await expect(client.unaryCall({ response_status })).rejects.toMatchObject(failure);
    const stream = async () => {
      for await (const _ of client.fullDuplexCall(each([{ response_status }]))) void 0;
    };
    await expect(stream()).rejects.toMatchObject(failure);
  },

  async special_status_message({ client }) {
    const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
    const response_status = { code: status.UNKNOWN, message };
    await expect(client.unaryCall({ response_status })).rejects.toMatchObject({
      code: status.UNKNOWN,
      message,
    });
  },

  async custom_metadata(kun) {
    const metadata = new Metadata();
    metadata.set(ECHO_INITIAL, 'test_initial_metadata_value');
    metadata.set(ECHO_TRAILING, Buffer.from('0a0b0a0b0a0b', 'hex'));
    const check = () => {
      expect(kun.last.headers.get(ECHO_INITIAL)).toEqual(['test_initial_metadata_value']);
      expect(kun.last.trailers.get(ECHO_TRAILING)).toEqual([Buffer.from('0a0b0a0b0a0b', 'hex')]);
    };
    await kun.client.unaryCall({ response_size: 314_159, payload: payloadOf(271_828) }, { metadata });
    check();
    const requests = each([{ response_parameters: [{ size: 314_159 }], payload: payloadOf(271_828) }]);
    for await (const { payload } of kun.client.fullDuplexCall(requests, { metadata })) {
      expect(payload.body).toHaveLength(314_159);
    }
    check();
  },
};

/** Sends the next request when the last was answered. */
function pingPong() {
  let answered: () => void = () => {};
  return {
    answered: () => answered(),
    async *requests(): AsyncGenerator<OutputRequest> {
      for (const [request = 0, response = 0] of [
        [27_182, 31_415],
        [8, 9],
        [1828, 2653],
        [45_904, 58_979],
      ]) {
        const turn = new Promise<void>((resolve) => (answered = resolve));
        yield { response_parameters: [{ size: response }], payload: payloadOf(request) };
        await turn;
      }
    },
  };
}

async function* each<T>(messages: readonly T[]): AsyncGenerator<T> {
  yield* messages;
}

/** Sends these and never ends. */
async function* never<T>(...messages: readonly T[]): AsyncGenerator<T> {
  yield* messages;
  await new Promise(() => {});
}
