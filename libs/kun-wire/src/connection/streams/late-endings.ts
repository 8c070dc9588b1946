import type { Continuing, WorkTurns } from '../../process/work-turns.js';
import type { Http2Stream, StreamEnding } from './http2-stream.js';

/** Notifies the streams of a closed connection: as many as a turn has time for, and the others in later turns. */
export class LateEndings implements Continuing {
  private told = 0;

  constructor(
    private readonly streams: readonly Http2Stream[],
    private readonly ending: StreamEnding,
    private readonly turns: WorkTurns,
  ) {}

  goOn(): void {
    while (this.told < this.streams.length) {
      this.streams[this.told++]?.finish(this.ending);
      if (this.turns.spend()) continue;
      this.turns.later(this);
      return;
    }
  }
}
