/** Places that calls of all replicas hold, and who waits for one, as leases in the store. */

/** What becomes of one step: the place is held, it is waited for, or there is no room to wait. */
export const PLACE_ANSWERS = ['waits', 'held', 'full'] as const;

/**
 * Does steps one after the other, by the clock of the server. Who has held or waited without a word for as long as a
 * lease lasts is forgotten. Places are given in the order in which their calls came, whichever replica they are of.
 *
 * KEYS: for each step a sorted set of leases by their end, and one of those of them that wait, by when they came. ARGV:
 * for how many ms a lease is, then for each step what to do (`enter`, `renew` or `leave`), id, how many may hold a place,
 * and how many may wait. Answers for each step its number among {@link PLACE_ANSWERS}.
 */
export const PLACE_SCRIPT = `
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local ending = string.format('%.0f', now + tonumber(ARGV[1]))
local function enter(step, leases, queue, id, max, most)
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 1000)
  for _, each in ipairs(over) do
    redis.call('ZREM', leases, each)
    redis.call('ZREM', queue, each)
  end
  local waiting = redis.call('ZCARD', queue)
  local free = max - redis.call('ZCARD', leases) + waiting
  local before = redis.call('ZRANK', queue, id)
  if before and before < free then
    redis.call('ZREM', queue, id)
    return 1
  end
  if before then return 0 end
  if waiting < free or redis.call('ZSCORE', leases, id) then return 1 end
  if waiting >= most then return 2 end
  redis.call('ZADD', queue, string.format('%.0f', micros + step), id)
  return 0
end
local answers = {}
for step = 1, #KEYS / 2 do
  local leases, queue = KEYS[2 * step - 1], KEYS[2 * step]
  local first = 4 * (step - 1) + 2
  local what, id = ARGV[first], ARGV[first + 1]
  local answer = 1
  if what == 'leave' then
    redis.call('ZREM', leases, id)
    redis.call('ZREM', queue, id)
  else
    if what == 'enter' then
      answer = enter(step, leases, queue, id, tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3]))
    else
      redis.call('ZREM', queue, id)
    end
    if answer < 2 then redis.call('ZADD', leases, ending, id) end
    for _, key in ipairs({ leases, queue }) do
      if redis.call('PTTL', key) < tonumber(ARGV[1]) then
        redis.call('PEXPIRE', key, ARGV[1])
      end
    end
  end
  answers[step] = answer
end
return answers
`;
