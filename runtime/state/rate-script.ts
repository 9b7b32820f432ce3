/** GCRA in the store: the arithmetic of runtime/traffic/gcra.ts, as a part of runtime/state/count-script.ts. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';

/**
 * A key holds `debt:moment`: what was owed, in units of 1/`count` ms, at a moment in ms. It is kept until nothing is
 * owed any more. Moments are kept apart from units, so that both are exact for any count. Where the clock steps back,
 * what is owed stays as it is.
 *
 * Tells what is owed, and 0.
 */
export const RATE_FUNCTION = `
local function rate(key, now, count, unit, burst, units)
  local cost = units * unit
  local debt = 0
  local known = redis.call('GET', key)
  local isBack = false
  if known then
    local owed, moment = string.match(known, '^(%d+):(%d+)$')
    local elapsed = now - tonumber(moment)
    isBack = elapsed < 0
    debt = math.max(0, tonumber(owed) - math.max(0, elapsed) * count)
  end
  return debt + cost <= burst * unit, function(isCounted)
    if isCounted then debt = debt + cost end
    if isCounted or isBack then
      local kept = string.format('%.0f:%.0f', debt, now)
      redis.call('SET', key, kept, 'PX', string.format('%.0f', math.max(1, math.ceil(debt / count))))
    end
    return debt, 0
  end
end
`;

/** What the function is given for a limit. */
export const rateArguments = ({ count, periodMs, burst }: RateLimitNode, cost: number): readonly string[] => [
  'rate',
  String(count),
  String(periodMs),
  String(burst),
  String(cost),
];
