-- KEYS[1]: what is counted under. ARGV: take or release, the time, then of the limit: attempts, within, delay,
-- longest. Times are whole milliseconds, which are exact in Lua up to the year 287396.
-- The rules are those of userkit.ports.rate_limit.Tally.
local key, verb, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
local attempts, within = tonumber(ARGV[3]), tonumber(ARGV[4])
local delay, longest = tonumber(ARGV[5]), tonumber(ARGV[6])

local stored = redis.call('HMGET', key, 's', 'c', 'd', 'u')
local since, count = tonumber(stored[1]) or now, tonumber(stored[2]) or 0
local delays, ends = tonumber(stored[3]) or 0, tonumber(stored[4])

local function forgotten_at()
  return math.max(since, ends or since) + within
end

local function length(number)
  local wait = delay
  for _ = 2, number do
    wait = wait * 2
    if wait >= longest then break end
  end
  return math.min(wait, longest)
end

-- The server counts the life of a key by its own clock, which may go before ours; so some more is given.
local function keep()
  local function text(number) return string.format('%.0f', number) end
  redis.call('HSET', key, 's', text(since), 'c', text(count), 'd', text(delays), 'u', ends and text(ends) or '')
  redis.call('PEXPIRE', key, text(math.max(forgotten_at() - now, 0) + 60000))
end

if verb == 'release' then
  if count > 0 and now < forgotten_at() then
    count, ends = count - 1, nil
    keep()
  end
  return {1, 0, 0}
end

if now >= forgotten_at() then
  since, count, delays, ends = now, 0, 0, nil
else
  local before_since, before_ends = since, ends
  since = math.min(since, now)
  if ends then ends = math.min(ends, now + length(delays)) end
  if ends and ends > now then
    if since ~= before_since or ends ~= before_ends then keep() end
    return {0, ends - now, 0}
  end
end
if count < (delays > 0 and 1 or attempts) then
  if count == 0 then since = now end
  count, ends = count + 1, nil
  keep()
  return {1, 0, 0}
end
delays = delays + 1
since, count, ends = now, 0, now + length(delays)
keep()
return {0, length(delays), 1}
