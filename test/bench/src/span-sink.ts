import { once } from 'node:events';
import { createServer } from 'node:http';

/** A collector that takes Zipkin's spans and forgets them. */
export interface SpanSink {
  /** Where to post them. */
  readonly url: string;
  /** How many have come. */
  readonly spans: number;
  close(): void;
}

export async function openSpanSink(): Promise<SpanSink> {
  let spans = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const posted: unknown = JSON.parse(Buffer.concat(chunks).toString());
      if (Array.isArray(posted)) spans += posted.length;
      response.writeHead(202).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the span sink got no port');
  return {
    url: `http://127.0.0.1:${address.port}/api/v2/spans`,
    get spans() {
      return spans;
    },
    close: () => void server.close(),
  };
}
