/** A quota in the store: what runtime/traffic/quota.ts counts, whole in one script, by the clock of the server. */
import type { QuotaLimitNode } from '../../schema/graph/limit.ts';

/**
 * A key holds `window:used`: which window since 1970 it is, and what was taken in it. It is kept until that ends. Where
 * the clock steps back, the later window goes on.
 *
 * KEYS: the key. ARGV: count, window in ms, cost. Answers 1 or 0 for whether the request may pass, what is used, and in
 * how many ms the window ends.
 */
export const QUOTA_SCRIPT = `
local count = tonumber(ARGV[1])
local length = tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = math.floor(now / length)
local used = 0
local left = (window + 1) * length - now
local known = redis.call('GET', KEYS[1])
if known then
  local counted, taken = string.match(known, '^(%d+):(%d+)$')
  if tonumber(counted) >= window then
    window = tonumber(counted)
    used = tonumber(taken)
    left = math.max(1, redis.call('PTTL', KEYS[1]))
  end
end
local passes = used + cost <= count
if passes then
  used = used + cost
  redis.call('SET', KEYS[1], string.format('%.0f:%.0f', window, used), 'PX', string.format('%.0f', left))
end
return { passes and 1 or 0, string.format('%.0f', used), string.format('%.0f', left) }
`;

/** What the script is given for a limit. */
export const quotaArguments = ({ count, windowMs }: QuotaLimitNode, cost: number): readonly string[] => [
  String(count),
  String(windowMs),
  String(cost),
];
