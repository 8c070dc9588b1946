import type { RecentSide } from '../recent/recent-calls.js';
import type { Interceptor } from '../rpc/interceptor.js';

/**
 * Keeps what the admin port shows: of each call how long it took and whether it failed. Calls made are kept while they
 * last, too; those taken are known to the server.
 */
export function recentCallsInterceptor(recent: RecentSide): Interceptor {
  if (recent.upstream === undefined) {
    return (next) => (call) => {
      call.onEnd((ending) => recent.ended(call, ending));
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
