-- ARGV[1]: the changes, as JSON. ARGV[2]: how many milliseconds to keep what has expired, or -1.
-- ARGV[3]: how much of it to take out at most. ARGV[4]: a random name of this commit. ARGV[5]: for how many
-- milliseconds to know it. A commit that is sent again, because its answer was lost, is not done again.
local mark = tag .. '::' .. ARGV[4]
if redis.call('EXISTS', mark) == 1 then return {'done'} end

-- All checks come first, in the order of the changes, so that nothing is written when one fails.
local changes = cjson.decode(ARGV[1])
local holders, added = {}, {}

local function holder_of(collection, field, value)
  local slot = unique_key(collection, field) .. '\0' .. value
  if holders[slot] == nil then
    holders[slot] = redis.call('HGET', unique_key(collection, field), value)
  end
  return slot, holders[slot]
end

for _, change in ipairs(changes) do
  local stored = redis.call('HGET', entity_key(change.c, change.id), 'v')
  if change.op == 'add' then
    local key = entity_key(change.c, change.id)
    if stored or added[key] then return {'duplicate', 'id'} end
    added[key] = true
  elseif stored ~= change.v then
    return {'stale'}
  end
  if change.op ~= 'add' then
    for _, pair in ipairs(entries_of(change.c, change.id).u) do
      local slot, holder = holder_of(change.c, pair[1], pair[2])
      if holder == change.id then holders[slot] = false end
    end
  end
  if change.op ~= 'remove' then
    for _, pair in ipairs(cjson.decode(change.x).u) do
      local slot, holder = holder_of(change.c, pair[1], pair[2])
      if holder and holder ~= change.id then return {'duplicate', pair[1]} end
      holders[slot] = change.id
    end
  end
end

for _, change in ipairs(changes) do
  if change.op ~= 'add' then take_out(change.c, change.id) end
end
for _, change in ipairs(changes) do
  if change.op ~= 'remove' then put_in(change.c, change.id, change.n, change.d, change.x) end
end

local keep = tonumber(ARGV[2])
if keep >= 0 then
  local time = redis.call('TIME')
  local before = string.format('(%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - keep)
  local seen = {}
  for _, change in ipairs(changes) do
    if not seen[change.c] then
      seen[change.c] = true
      local gone = redis.call('ZRANGEBYSCORE', expiry_key(change.c), '-inf', before, 'LIMIT', 0, ARGV[3])
      for _, id in ipairs(gone) do take_out(change.c, id) end
    end
  end
end
redis.call('SET', mark, '', 'PX', ARGV[5])
return {'done'}
