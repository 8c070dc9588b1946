import { Attacker } from './attacker.ts';

/** How long and how hard to attack. */
export interface CampaignOptions {
  readonly port: number;
  readonly seconds: number;
  /** A part of the full connections, or of the pace. Default 1. */
  readonly scale?: number;
}

/** An attack under way: its connections, its time, its pace. All that it does is bounded by `seconds`. */
export class Campaign {
  /** Connections made, and those that the server has cut. */
  made = 0;
  cut = 0;
  /** GOAWAY codes that came, with how often. */
  readonly goAways = new Map<number, number>();
  private readonly options: CampaignOptions;
  private readonly endMs: number;
  private readonly open = new Set<Attacker>();

  constructor(options: CampaignOptions) {
    this.options = options;
    this.endMs = performance.now() + options.seconds * 1000;
  }

  get over(): boolean {
    return performance.now() >= this.endMs;
  }

  /** So many of something, scaled; one at least. */
  many(count: number): number {
    return Math.max(1, Math.round(count * (this.options.scale ?? 1)));
  }

  connect(options: { readonly reads?: boolean } = {}): Attacker {
    const attacker = new Attacker(this.options.port, options);
    this.made++;
    this.open.add(attacker);
    void attacker.closed.then(() => {
      if (!this.open.delete(attacker)) return;
      this.cut++;
      const { goAwayCode } = attacker;
      if (goAwayCode !== undefined) this.goAways.set(goAwayCode, (this.goAways.get(goAwayCode) ?? 0) + 1);
    });
    return attacker;
  }

  /**
   * Keeps so many connections at it until the time is over: each does `begin` and then `step` `perSecond` times a second,
   * in lots of 20 ms; one that is cut comes back, at once or after `backoffMs`.
   */
  async flood(
    connections: number,
    perSecond: number,
    step: (attacker: Attacker) => void,
    {
      begin = (attacker: Attacker) => void attacker.greet(),
      backoffMs = 0,
    }: { readonly begin?: (attacker: Attacker) => void; readonly backoffMs?: number } = {},
  ): Promise<void> {
    const attack = async (): Promise<void> => {
      const attacker = this.connect();
      begin(attacker);
      const beganMs = performance.now();
      for (let sent = 0; !this.over && !attacker.cut; await pause(20)) {
        const due = Math.floor(((performance.now() - beganMs) / 1000) * perSecond);
        for (; sent < due; sent++) if (!attacker.stalled) step(attacker);
      }
      await pause(backoffMs);
    };
    const again = async (): Promise<void> => {
      while (!this.over) await attack();
    };
    await Promise.all(Array.from({ length: this.many(connections) }, again));
  }

  /** Lets connections be until the time is over, or the server has cut all of them. */
  async hold(
    attackers: readonly Attacker[],
    step?: (attacker: Attacker) => void,
    everyMs = 1000,
  ): Promise<void> {
    while (!this.over && attackers.some(({ cut }) => !cut)) {
      if (step) for (const attacker of attackers) if (!attacker.cut && !attacker.stalled) step(attacker);
      await pause(everyMs);
    }
  }

  /** Makes connections in lots, as many as a machine makes without losing some by itself. */
  async connectAll(count: number, begin?: (attacker: Attacker) => void): Promise<Attacker[]> {
    const attackers: Attacker[] = [];
    while (attackers.length < count && !this.over) {
      for (let one = 0; one < 100 && attackers.length < count; one++) {
        const attacker = this.connect();
        begin?.(attacker);
        attackers.push(attacker);
      }
      await pause(10);
    }
    return attackers;
  }

  /** Hangs up. */
  end(): void {
    const open = [...this.open];
    this.open.clear();
    for (const attacker of open) attacker.close();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
