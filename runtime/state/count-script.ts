/** Counts a request on several limits, whole in one script, by the clock of the server. */
import { QUOTA_FUNCTION } from './quota-script.ts';
import { RATE_FUNCTION } from './rate-script.ts';

/** Answers for each key. */
export const ANSWERS = 3;

/**
 * All limits judge the request before any counts it: what one refuses is counted by none.
 *
 * KEYS: one for each limit; no two are the same. ARGV: five for each. Answers for each in turn 1 or 0 for whether the
 * request may pass it, and the two numbers that its function tells.
 */
export const COUNT_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
${RATE_FUNCTION}${QUOTA_FUNCTION}
local isCounted = true
local passes = {}
local counts = {}
for at, key in ipairs(KEYS) do
  local first = 5 * (at - 1) + 1
  local judge = ARGV[first] == 'rate' and rate or quota
  local one, two = tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  passes[at], counts[at] = judge(key, now, one, two, tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4]))
  isCounted = isCounted and passes[at]
end
local answers = {}
for at, count in ipairs(counts) do
  local first, second = count(isCounted)
  answers[#answers + 1] = passes[at] and 1 or 0
  answers[#answers + 1] = string.format('%.0f', first)
  answers[#answers + 1] = string.format('%.0f', second)
end
return answers
`;
