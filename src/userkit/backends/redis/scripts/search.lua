-- ARGV: collection, id to go on after or nothing, limit, then the first and the last of each range of words.
local collection, after, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local matches
for place = 4, #ARGV, 2 do
  local these = {}
  for _, member in ipairs(redis.call('ZRANGE', word_key(collection), ARGV[place], ARGV[place + 1], 'BYLEX')) do
    local id = id_of(member)
    if id > after and (matches == nil or matches[id]) then these[id] = true end
  end
  matches = these
end
local ids = {}
for id in pairs(matches) do ids[#ids + 1] = id end
table.sort(ids)
return page(collection, ids, limit)
