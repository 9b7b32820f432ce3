/** The guard of one thread, with everybody whom it tells. */
import { heartbeat } from './listen/heartbeat.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { countsIn } from './state/shared-counts.ts';
import { PressureGuard } from './traffic/pressure-guard.ts';
import type { ServingThread } from './workers/serving-thread.ts';

export const openPressureGuard = (
  log: Log,
  metrics: Metrics,
  thread: ServingThread | undefined,
): PressureGuard => {
  const guard: PressureGuard = new PressureGuard(
    {
      onChange: (reasons, reading) => {
        metrics.pressure.changed(reasons);
        thread?.onPressure(reasons);
        if (reasons.length > 0) log.warn('new work is refused', { reasons, ...reading });
        else log.info('new work is let in again', { ...reading });
      },
      onShed: (reason) => metrics.pressure.shed(reason),
    },
    thread?.threads ?? 1,
    countsIn(thread?.open.bodies, thread),
  );
  guard.unread.relieved.add((maxUnreadBytes) => heartbeat.relieve(guard, maxUnreadBytes));
  return guard;
};
