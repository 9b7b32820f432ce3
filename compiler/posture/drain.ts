/** GW4020: old generations that are cut at once, or live on for days. */
import { isReference } from '../../schema/graph/graph.ts';
import { durationMs } from '../../schema/unit.ts';
import type { Check } from '../check/check.ts';
import { placeAt } from '../configuration.ts';

const DAY_MS = 86_400_000;

export const judgeDrain: Check = (config, report) => {
  const { deadline } = config.data.reload.drain ?? {};
  const ms = deadline === undefined || isReference(deadline) ? undefined : durationMs(deadline);
  if (ms === undefined || (ms > 0 && ms <= DAY_MS)) return;
  report('GW4020', placeAt(config, 'reload', 'drain', 'deadline'), { deadline: deadline!, isZero: ms === 0 });
};
