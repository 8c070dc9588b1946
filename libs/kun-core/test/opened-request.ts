import { RequestQueue } from '../src/server/answer/request-queue.js';
import { RequestStream, type MessageTransform } from '../src/server/answer/request-stream.js';
import { opened } from './opened-call.js';

/** A running call with a stream of requests; `onRead` plays a wire that has some already. */
export function openedRequest({
  transform,
  onRead,
}: { transform?: MessageTransform; onRead?: (send: (text: string) => void) => void } = {}) {
  /** How often the wire was asked for a message. */
  const asked = { times: 0 };
  const read = () => {
    asked.times++;
    onRead?.(send);
  };
  const wired = opened({ requestStream: true, wire: { read } });
  const { call } = wired;
  const send = (text: string) => call.messageArrived(Buffer.from(text));
  call.handlerStarts();
  const thrown = call.settled();
  thrown.catch(() => undefined);
  return {
    ...wired,
    asked,
    send,
    /** The caller is done; settles when that has been told. */
    halfClose() {
      call.halfClosed();
      return new Promise((resolve) => setImmediate(resolve));
    },
    stream: new RequestStream(new RequestQueue(call), transform),
    /** Rejects with what ended the call. */
    thrown,
  };
}
