/** A table in the store that all replicas hold: each statement has a name, and of two about one name the later counts. */

/**
 * Takes in statements, each unless one about its name is there that is no older, and drops what has ended by the clock
 * of the server. One from a day that has not come yet was made by nobody who counts.
 *
 * KEYS: a hash of statements by name, a sorted set of names by their end, the version. ARGV: how many names there may
 * be, the version that comes next, and of each statement name, moment and end in ms, value. Answers how many had no room.
 */
export const TELL_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 1000)
for _, name in ipairs(over) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
local isChanged = #over > 0
local left = 0
for at = 3, #ARGV, 4 do
  local name, moment, ending = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local known = redis.call('HGET', KEYS[1], name)
  local since = known and tonumber(string.match(known, '^(%d+) ')) or -1
  if since > now + 86400000 then since = -1 end
  if tonumber(ending) > now and tonumber(moment) > since then
    if not known and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[1]) then
      left = left + 1
    else
      redis.call('HSET', KEYS[1], name, moment .. ' ' .. ending .. ' ' .. ARGV[at + 3])
      redis.call('ZADD', KEYS[2], ending, name)
      isChanged = true
    end
  end
end
if isChanged then redis.call('SET', KEYS[3], ARGV[2]) end
return left
`;

/**
 * Answers the version, and names and statements in turn; nothing where the version is the one that is known.
 *
 * KEYS: as above. ARGV: the version that is known, how many statements are answered at most, and how long one may be.
 */
export const READ_SCRIPT = `
local version = redis.call('GET', KEYS[3]) or ''
if version == ARGV[1] then return false end
local told = { version }
local cursor = '0'
repeat
  local found = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 1000)
  cursor = found[1]
  for at = 1, #found[2], 2 do
    if #found[2][at] + #found[2][at + 1] <= tonumber(ARGV[3]) then
      told[#told + 1] = found[2][at]
      told[#told + 1] = found[2][at + 1]
    end
  end
until cursor == '0' or #told > 2 * tonumber(ARGV[2])
return told
`;
