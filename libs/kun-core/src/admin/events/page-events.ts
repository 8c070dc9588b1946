import { endOfStep, stepAt } from '../../recent/call-series.js';
import type { PageEvents } from '../answers/events.js';
import type { SecretScrubber } from '../access/secret-scrubber.js';
import { channelsAnswer, type CallsRoutesParts } from '../calls/calls-routes.js';
import { callsInFlight, failedCall, pointsOf, recentSeries } from '../calls/calls-view.js';
import type { EventLoopWatch } from '../process/event-loop-watch.js';
import { statusView, type StatusParts } from '../process/status-view.js';
import type { EventSource, PageEvent } from './event-hub.js';

/** The sources of the page's events. */
export interface PageEventsParts {
  readonly calls: CallsRoutesParts;
  readonly status: StatusParts;
  readonly loop: EventLoopWatch;
  readonly scrubber: Pick<SecretScrubber, 'replacer'>;
}

/** The page's events: each is computed once per look, and sent when it has changed. */
export class PageEventSource implements EventSource {
  /** The last content of each event, without its time. */
  private readonly last = new Map<string, string>();
  private step = -1;
  private seq = 0;

  constructor(private readonly parts: PageEventsParts) {}

  async whole(): Promise<readonly PageEvent[]> {
    const { calls, status, loop } = this.parts;
    const state = await statusView(status, loop);
    const errors = calls.recent.failures.since().map((failure) => failedCall(failure));
    // Earlier readers have received everything before it.
    if (this.step < 0) {
      this.step = stepAt(calls.clock.now());
      this.seq = calls.recent.failures.last;
    }
    return [
      this.event('status', state),
      this.event('loglevel', state.logLevel),
      this.event('config', { hash: state.config.hash }),
      this.event('calls', { at: state.at, inFlight: callsInFlight(calls) }),
      this.event('recent', recentSeries(calls)),
      this.event('channels', channelsAnswer(calls)),
      this.event('errors', { errors }),
    ];
  }

  async news(): Promise<readonly PageEvent[]> {
    const { calls, status, loop } = this.parts;
    const state = await statusView(status, loop);
    const now = calls.clock.now();
    return [
      this.event('status', state),
      ...this.changed('loglevel', state.logLevel, state.logLevel),
      ...this.changed('config', { hash: state.config.hash }, state.config.hash),
      ...this.calls(now),
      ...this.points(now),
      ...this.channels(),
      ...this.errors(),
    ];
  }

  idle(): void {
    this.last.clear();
    this.step = -1;
  }

  private calls(now: number): PageEvent[] {
    const inFlight = callsInFlight(this.parts.calls);
    // Ages change all the time; readers compute them.
    const said = inFlight.calls.map(({ ageMs: _age, ...rest }) => rest);
    return this.changed('calls', { at: now, inFlight }, [inFlight.server, inFlight.client, said]);
  }

  private points(now: number): PageEvent[] {
    const over = stepAt(now) - 1;
    if (over < this.step) return [];
    const events: PageEvent[] = [];
    for (let step = Math.max(this.step, over - 1); step <= over; step++) {
      events.push(
        this.event('points', { until: endOfStep(step), methods: pointsOf(this.parts.calls, step) }),
      );
    }
    this.step = over + 1;
    return events;
  }

  private channels(): PageEvent[] {
    const answer = channelsAnswer(this.parts.calls);
    return this.changed('channels', answer, answer.channels);
  }

  private errors(): PageEvent[] {
    const { failures } = this.parts.calls.recent;
    if (failures.last === this.seq) return [];
    const errors = failures.since(this.seq).map((failure) => failedCall(failure));
    this.seq = failures.last;
    return [this.event('errors', { errors })];
  }

  private changed<N extends keyof PageEvents>(name: N, data: PageEvents[N], said: unknown): PageEvent[] {
    const text = JSON.stringify(said);
    if (this.last.get(name) === text) return [];
    this.last.set(name, text);
    return [this.event(name, data)];
  }

  private event<N extends keyof PageEvents>(name: N, data: PageEvents[N]): PageEvent {
    return { name, data: JSON.stringify(data, this.parts.scrubber.replacer) };
  }
}
