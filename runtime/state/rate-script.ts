/** GCRA in the store: the arithmetic of runtime/traffic/gcra.ts, whole in one script, by the clock of the server. */
import type { RateLimitNode } from '../../schema/graph/limit.ts';

/**
 * A key holds `debt:moment`: what was owed, in units of 1/`count` ms, at a moment in ms. It is kept until nothing is
 * owed any more. Moments are kept apart from units, so that both are exact for any count. Where the clock steps back,
 * what is owed stays as it is.
 *
 * KEYS: the key. ARGV: count, period in ms, burst, cost. Answers 1 or 0 for whether the request may pass, and what is owed.
 */
export const RATE_SCRIPT = `
local count = tonumber(ARGV[1])
local unit = tonumber(ARGV[2])
local capacity = tonumber(ARGV[3]) * unit
local cost = tonumber(ARGV[4]) * unit
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local debt = 0
local known = redis.call('GET', KEYS[1])
local isBack = false
if known then
  local owed, moment = string.match(known, '^(%d+):(%d+)$')
  local elapsed = now - tonumber(moment)
  isBack = elapsed < 0
  debt = math.max(0, tonumber(owed) - math.max(0, elapsed) * count)
end
local passes = debt + cost <= capacity
if passes then debt = debt + cost end
if passes or isBack then
  local kept = string.format('%.0f:%.0f', debt, now)
  redis.call('SET', KEYS[1], kept, 'PX', string.format('%.0f', math.max(1, math.ceil(debt / count))))
end
return { passes and 1 or 0, string.format('%.0f', debt) }
`;

/** What the script is given for a limit. */
export const rateArguments = ({ count, periodMs, burst }: RateLimitNode, cost: number): readonly string[] => [
  String(count),
  String(periodMs),
  String(burst),
  String(cost),
];
