/** The replicas that are there, in one hash of the store: by address, who is there and until when. */

/** Beyond, replicas are not told of each other. */
const MAX_REPLICAS = 1024;

/**
 * Whoever announces an address takes it over from who had it before, who is told of once more: two processes cannot be at
 * one. By the clock of the server, so that those of replicas do not matter.
 *
 * KEYS: the hash. ARGV: what to do (`announce`, `leave` or `list`), id, address, for how many ms. Answers ids and
 * addresses in turn.
 */
export const REPLICA_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
local function take(address, kept)
  local id, untilMs = string.match(kept, '^(%S+) (%d+)$')
  if id == nil or tonumber(untilMs) <= now or id == ARGV[2] then return false end
  if #found < ${2 * MAX_REPLICAS} then
    found[#found + 1] = id
    found[#found + 1] = address
  end
  return true
end
if ARGV[1] == 'announce' then
  local before = redis.call('HGET', KEYS[1], ARGV[3])
  if before then take(ARGV[3], before) end
  found[#found + 1] = ARGV[2]
  found[#found + 1] = ARGV[3]
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[2] .. ' ' .. string.format('%.0f', now + tonumber(ARGV[4])))
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
local all = redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  local isOwn = ARGV[1] == 'announce' and all[at] == ARGV[3]
  if not isOwn and not take(all[at], all[at + 1]) then redis.call('HDEL', KEYS[1], all[at]) end
end
return found
`;
