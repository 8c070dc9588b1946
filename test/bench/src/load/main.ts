import { createHistogram } from 'node:perf_hooks';
import { answerParent } from '../process-link.js';
import { scenarioOf, type ScenarioName } from '../scenarios.js';
import { exchangeOf } from './exchange.js';
import { GrpcConnection } from './grpc-connection.js';

/** What happened since the last mark. */
export interface LoadMark {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What happened in all. */
export interface LoadTotals {
  readonly calls: number;
  readonly wrong: number;
  /** The first few things that were wrong. */
  readonly problems: readonly string[];
}

export interface LoadStart {
  readonly port: number;
  readonly scenario: ScenarioName;
  /** The certificate of the server's authority; then it is spoken to over TLS. */
  readonly authority?: string;
}

const PROBLEMS_KEPT = 3;
const NS_PER_MS = 1e6;

const latency = createHistogram({ figures: 3 });
const connections: GrpcConnection[] = [];
const problems: string[] = [];
let calls = 0;
let callsAtMark = 0;
let wrong = 0;

const answers = {
  /** Begins the load. */
  async start({ port, scenario, authority }: LoadStart): Promise<void> {
    const plan = scenarioOf(scenario);
    const exchange = exchangeOf(plan);
    for (let opened = 0; opened < plan.connections; opened++) {
      connections.push(await GrpcConnection.open(port, exchange, onCallEnd, authority));
    }
    for (const connection of connections) connection.start(plan.inFlight);
  },

  /** Opens `count` connections that are held, or that hold streams. */
  async hold({ port, scenario, count }: LoadStart & { count: number }): Promise<void> {
    const plan = scenarioOf(scenario);
    const exchange = exchangeOf(plan);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const connection = await GrpcConnection.open(port, exchange, onCallEnd);
        connections.push(connection);
        if (plan.holds === 'streams') connection.openStreams(plan.inFlight);
        else await connection.callOnce();
      }),
    );
  },

  /** Ends the oldest of what is held, every second one by losing its connection, and opens as many. */
  async replace(held: LoadStart & { count: number }): Promise<void> {
    const oldest = connections.splice(0, held.count);
    await Promise.all(
      oldest.map((connection, index) => (index % 2 === 0 ? connection.endStreams() : connection.abandon())),
    );
    await answers.hold(held);
  },

  /** Ends what is held. */
  async release(): Promise<LoadTotals> {
    await Promise.all(connections.map((connection) => connection.endStreams()));
    return { calls, wrong, problems };
  },

  mark(): LoadMark {
    const { user, system } = process.cpuUsage();
    const mark: LoadMark = {
      atMs: performance.now(),
      cpuMs: (user + system) / 1000,
      calls: calls - callsAtMark,
      p50Ms: latency.percentile(50) / NS_PER_MS,
      p99Ms: latency.percentile(99) / NS_PER_MS,
    };
    callsAtMark = calls;
    latency.reset();
    return mark;
  },

  /** Lets the calls in flight end. */
  async drain(): Promise<LoadTotals> {
    await Promise.all(connections.map((connection) => connection.drain()));
    return { calls, wrong, problems };
  },
};

export type LoadQuestions = typeof answers;

answerParent(answers);

function onCallEnd(durationMs: number, problem: string | undefined): void {
  calls++;
  latency.record(Math.max(1, Math.round(durationMs * NS_PER_MS)));
  if (problem === undefined) return;
  wrong++;
  if (problems.length < PROBLEMS_KEPT) problems.push(problem);
}
