-- ARGV: collection, field or nothing, value, id to go on after or nothing, limit, 1 for the newest first.
local collection, field, value, after, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local key, begin = list_key(collection), ''
if field ~= '' then
  key, begin = index_key(collection, field), value .. '\0'
end
-- Ids are lower-case hexadecimal, so that every one of them is before a g.
local first, last = '[' .. begin, '(' .. begin .. 'g'
local members
if ARGV[6] == '1' then
  if after ~= '' then last = '(' .. begin .. after end
  members = redis.call('ZRANGE', key, last, first, 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
else
  if after ~= '' then first = '(' .. begin .. after end
  members = redis.call('ZRANGE', key, first, last, 'BYLEX', 'LIMIT', 0, limit + 1)
end
local ids = {}
for place, member in ipairs(members) do ids[place] = id_of(member) end
return page(collection, ids, limit)
