import type { Campaign } from './campaign.ts';

/** A known way to exhaust a server of HTTP/2, and what is to come of it. */
export interface Attack {
  readonly name: string;
  /** What it does, in the full form. */
  readonly what: string;
  /** What of it is refused: names of metrics with a reason, of which one must move. None: it is to be borne. */
  readonly refused: readonly string[];
  /** What the server's memory may grow by meanwhile, in MiB. Default 64. */
  readonly growthMiB?: number;
  /** The server's limit of open files. Default: that of the process that runs it. */
  readonly openFiles?: number;
  /** Seconds of the server's CPU time a second that it may cost. Default: any. */
  readonly cpuShare?: number;
  /** Whether its connections are to be cut, each as often as it comes back. */
  readonly cut: boolean;
  /** How long it lasts in the full form, in seconds, where it has to outlast a limit. Default 8. */
  readonly seconds?: number;
  readonly run: (campaign: Campaign) => Promise<void>;
}
