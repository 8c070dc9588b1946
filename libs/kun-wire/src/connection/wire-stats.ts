/** Why a connection, a call or a stream was refused or ended by the wire. */
export type RefusalReason =
  | 'bad-preface'
  | 'preface-timeout'
  | 'header-timeout'
  | 'settings-timeout'
  | 'keepalive-timeout'
  | 'protocol-error'
  | 'stream-error'
  | 'too-many-streams'
  | 'going-away'
  | 'headers-too-large'
  | 'too-many-continuations'
  | 'control-flood'
  | 'overhead-flood'
  | 'reset-flood'
  | 'message-too-large'
  | 'unfinished-bytes'
  | 'unsent-bytes'
  | 'malformed-request';

/** A refusal, as it is told to whoever logs or counts. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** What happened, in the words of the GOAWAY or status; nothing of the peer's is in it. */
  readonly detail: string;
  /** The peer's address; empty where the stream has none. */
  readonly peer: string;
  /** What was ended by it. */
  readonly scope: 'connection' | 'stream';
}

/** What the connections of a process did and refused; plain numbers, to be read by whoever makes metrics of them. */
export class WireStats {
  connectionsOpen = 0;
  connectionsTotal = 0;
  streamsOpen = 0;
  streamsTotal = 0;
  /** Calls that their callers reset. */
  resetsReceived = 0;
  keepalivePings = 0;
  /** By reason. */
  readonly refusals = new Map<RefusalReason, number>();

  refused(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}
