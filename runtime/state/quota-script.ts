/** A quota in the store: what runtime/traffic/quota.ts counts, as a part of runtime/state/count-script.ts. */
import type { QuotaLimitNode } from '../../schema/graph/limit.ts';

/**
 * A key holds `window:used`: which window since 1970 it is, and what was taken in it. It is kept until that ends. Where
 * the clock steps back, the later window goes on.
 *
 * Tells what is used, and in how many ms the window ends.
 */
export const QUOTA_FUNCTION = `
local function quota(key, now, count, length, _, cost)
  local window = math.floor(now / length)
  local used = 0
  local left = (window + 1) * length - now
  local known = redis.call('GET', key)
  if known then
    local counted, taken = string.match(known, '^(%d+):(%d+)$')
    if tonumber(counted) >= window then
      window = tonumber(counted)
      used = tonumber(taken)
      left = math.max(1, redis.call('PTTL', key))
    end
  end
  return used + cost <= count, function(isCounted)
    if isCounted then
      used = used + cost
      redis.call('SET', key, string.format('%.0f:%.0f', window, used), 'PX', string.format('%.0f', left))
    end
    return used, left
  end
end
`;

/** What the function is given for a limit: as many as for a rate. */
export const quotaArguments = ({ count, windowMs }: QuotaLimitNode, cost: number): readonly string[] => [
  'quota',
  String(count),
  String(windowMs),
  '0',
  String(cost),
];
