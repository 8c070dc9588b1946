import type { RecentSide } from '../recent/recent-calls.js';
import type { Interceptor } from '../rpc/interceptor.js';
import type { EndObserver } from '../rpc/rpc-call.js';

/**
 * Records what the admin port shows: how long each call took and whether it failed. Outgoing calls are also recorded
 * while they are open; incoming ones are known to the server.
 */
export function recentCallsInterceptor(recent: RecentSide): Interceptor {
  if (recent.upstream === undefined) {
    const ended: EndObserver = (ending, call) => recent.ended(call, ending);
    return (next) => (call) => {
      call.onEnd(ended);
      return next(call);
    };
  }
  const { open } = recent;
  return (next) => (call) => {
    const place = open.add(call);
    call.onEnd((ending) => {
      open.remove(call, place);
      recent.ended(call, ending);
    });
    return next(call);
  };
}
