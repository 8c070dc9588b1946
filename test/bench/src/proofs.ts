import { createReadStream } from 'node:fs';
import type { Proof } from './contenders.js';

/** What a contender left behind. */
export interface Evidence {
  /** Calls that were answered. */
  readonly calls: number;
  readonly logPath: string;
  /** The text of its metrics. */
  readonly metrics: string;
  /** Spans that reached the collector. */
  readonly spans: number;
}

/** Fewer calls than this may well have no trace among them, at one in a hundred. */
const CALLS_WITH_SPANS = 2000;

/** Of each message, kun logs 1024 characters by default. */
const CONTENT_BYTES_PER_CALL = 2 * 1024;

const FINISHED_CALL = 'finished call';

/** What a contender should have done and did not. */
export async function unproven(proofs: readonly Proof[], evidence: Evidence): Promise<string[]> {
  const { calls, metrics, spans } = evidence;
  const log = await readLog(evidence.logPath);
  const handled = handledCalls(metrics);
  const failures: Record<Proof, string | false> = {
    lines: log.finished !== calls && `${log.finished} log lines for ${calls} calls`,
    content:
      log.bytes < calls * CONTENT_BYTES_PER_CALL &&
      `no content in the log: ${Math.round(log.bytes / calls)} bytes for each call`,
    metrics: handled !== calls && `${handled} calls counted of ${calls}`,
    spans: spans === 0 && calls >= CALLS_WITH_SPANS && `no span of ${calls} calls`,
  };
  return proofs.map((proof) => failures[proof]).filter((failure) => failure !== false);
}

/** Calls answered OK, by go-grpc-prometheus' name for them; services of the plumbing answer none here. */
function handledCalls(metrics: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('grpc_server_handled_total{') && line.includes('"OK"'))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function readLog(path: string): Promise<{ finished: number; bytes: number }> {
  let finished = 0;
  let bytes = 0;
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text = rest + String(chunk);
    bytes += String(chunk).length;
    const lines = text.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.includes(FINISHED_CALL)) finished++;
  }
  return { finished, bytes };
}
