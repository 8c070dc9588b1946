import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateIn } from './certificate.js';
import type { ContenderQuestions } from './contender-process.js';
import type { Contender } from './contenders.js';
import type { LoadQuestions, LoadStart, LoadTotals } from './load/main.js';
import { LOAD_CORE, SERVER_CORE, startPinned } from './pinned-process.js';
import type { ProcessLink } from './process-link.js';
import { unproven } from './proofs.js';
import type { Scenario } from './scenarios.js';
import { openSpanSink } from './span-sink.js';

/** A contender that serves and a load that has not begun. */
export interface Contest {
  readonly server: ProcessLink<ContenderQuestions>;
  readonly load: ProcessLink<LoadQuestions>;
  /** What the load is to be started with. */
  readonly target: LoadStart;
  /** Stops the contender once the load has ended, and says what was wrong; nothing is right. */
  readonly end: (totals: LoadTotals) => Promise<Verdict>;
}

export interface Verdict {
  /** What was wrong with answers, and what the contender did not do. Empty is right. */
  readonly faults: readonly string[];
  readonly packages: Readonly<Record<string, string>>;
}

const LOAD_ENTRY = join(import.meta.dirname, 'load', 'main.js');

/** Starts a contender and a load, each in a process of its own, and ends both whatever happens. */
export async function withContest<T>(
  contender: Contender,
  scenario: Scenario,
  run: (contest: Contest) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'kun-bench-'));
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeDirectory);
  const logPath = join(directory, 'stdout.log');
  const log = openSync(logPath, 'w');
  const certificate = scenario.tls ? await certificateIn(directory) : undefined;
  const sink = await openSpanSink();
  const server = startPinned<ContenderQuestions>({
    name: contender.title,
    core: SERVER_CORE,
    entry: contender.entry,
    args: contender.args,
    stdout: log,
  });
  const load = startPinned<LoadQuestions>({ name: 'the load', core: LOAD_CORE, entry: LOAD_ENTRY });
  try {
    const { port, metricsUrl, packages } = await server.ask('start', {
      spanSink: sink.url,
      ...(certificate && { tls: certificate.files }),
    });
    const target = {
      port,
      scenario: scenario.name,
      ...(certificate && { authority: certificate.authority }),
    };
    const end = async ({ calls, wrong, problems }: LoadTotals): Promise<Verdict> => {
      const metrics = metricsUrl === undefined ? '' : await (await fetch(metricsUrl)).text();
      await server.ask('stop');
      await server.exited;
      const evidence = { calls, logPath, metrics, spans: sink.spans };
      const faults = await unproven(contender.proofs, evidence);
      if (calls === 0) faults.push('no call was answered');
      if (wrong > 0) faults.push(`${wrong} of ${calls} answers were wrong: ${problems.join('; ')}`);
      return { faults, packages };
    };
    return await run({ server, load, target, end });
  } finally {
    server.kill();
    load.kill();
    sink.close();
    closeSync(log);
    removeDirectory();
    process.off('exit', removeDirectory);
  }
}
