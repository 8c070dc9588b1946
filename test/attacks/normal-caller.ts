import { join } from 'node:path';
import { credentials, makeGenericClientConstructor, type Client, type requestCallback } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { pause } from './campaign.ts';

const PROTO = join(import.meta.dirname, '../../apps/echo/proto/echo.proto');

/** A well-behaved caller that also calls the probe; records how long each call took, and what failed. */
export class NormalCaller {
  readonly callMs: number[] = [];
  readonly livezMs: number[] = [];
  readonly failures: string[] = [];
  private readonly adminPort: number;
  private readonly deadlineMs: number;
  private readonly client: EchoClient;
  private running = true;
  private readonly work: Promise<unknown>;

  constructor(grpcPort: number, adminPort: number, { perSecond = 50, deadlineMs = 5000 } = {}) {
    this.adminPort = adminPort;
    this.deadlineMs = deadlineMs;
    const definition = loadSync(PROTO)['kun.echo.v1.EchoService'];
    if (!definition || 'format' in definition) throw new Error('echo.proto has no service');
    const Constructor = makeGenericClientConstructor(definition, 'EchoService');
    const target = `127.0.0.1:${grpcPort}`;
    this.client = new Constructor(target, credentials.createInsecure()) as unknown as EchoClient;
    this.work = Promise.all([
      this.every(1000 / perSecond, (done) => this.call(done), this.callMs),
      this.every(200, (done) => this.probe(done), this.livezMs),
    ]);
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.work;
    this.client.close();
  }

  /** One at a time, at a pace. */
  private async every(periodMs: number, work: (done: () => void) => void, times: number[]): Promise<void> {
    while (this.running) {
      const startMs = performance.now();
      await new Promise<void>((resolve) => work(resolve));
      const tookMs = performance.now() - startMs;
      times.push(tookMs);
      await pause(Math.max(0, periodMs - tookMs));
    }
  }

  private call(done: () => void): void {
    this.client.Echo({ message: 'hello' }, { deadline: Date.now() + this.deadlineMs }, (error, answer) => {
      if (error) this.failures.push(error.message);
      else if (answer?.message !== 'hello') this.failures.push('another answer');
      done();
    });
  }

  private probe(done: () => void): void {
    fetch(`http://127.0.0.1:${this.adminPort}/livez`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(this.deadlineMs),
    }).then(
      async (response) => {
        await response.text();
        if (response.status !== 200) this.failures.push(`livez: ${response.status}`);
        done();
      },
      (error: unknown) => {
        this.failures.push(`livez: ${String(error)}`);
        done();
      },
    );
  }
}

interface EchoClient extends Client {
  Echo(request: object, options: object, callback: requestCallback<{ message: string }>): void;
}
