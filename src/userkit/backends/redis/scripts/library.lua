-- What all scripts of the store begin with. KEYS[1] is the hash tag of a realm: every key begins with it, so that
-- all of them are in one slot. Numbers of ours are text, since Lua's would lose the last digits of large ones.
local tag = KEYS[1]

local function entity_key(collection, id)
  return tag .. ':' .. collection .. ':e:' .. id
end

local function unique_key(collection, field)
  return tag .. ':' .. collection .. ':u:' .. field
end

local function index_key(collection, field)
  return tag .. ':' .. collection .. ':i:' .. field
end

local function list_key(collection)
  return tag .. ':' .. collection .. ':l'
end

local function word_key(collection)
  return tag .. ':' .. collection .. ':w'
end

local function expiry_key(collection)
  return tag .. ':' .. collection .. ':t'
end

-- What an entity is found by, as it was stored beside it.
local function entries_of(collection, id)
  local text = redis.call('HGET', entity_key(collection, id), 'x')
  return text and cjson.decode(text)
end

local function take_out(collection, id)
  local entries = entries_of(collection, id)
  if not entries then return 0 end
  for _, pair in ipairs(entries.u) do
    if redis.call('HGET', unique_key(collection, pair[1]), pair[2]) == id then
      redis.call('HDEL', unique_key(collection, pair[1]), pair[2])
    end
  end
  for _, pair in ipairs(entries.i) do
    redis.call('ZREM', index_key(collection, pair[1]), pair[2] .. '\0' .. id)
  end
  for _, word in ipairs(entries.w) do
    redis.call('ZREM', word_key(collection), word .. '\0' .. id)
  end
  redis.call('ZREM', list_key(collection), id)
  redis.call('ZREM', expiry_key(collection), id)
  redis.call('DEL', entity_key(collection, id))
  return 1
end

local function put_in(collection, id, version, data, text)
  local entries = cjson.decode(text)
  redis.call('HSET', entity_key(collection, id), 'v', version, 'd', data, 'x', text)
  for _, pair in ipairs(entries.u) do
    redis.call('HSET', unique_key(collection, pair[1]), pair[2], id)
  end
  for _, pair in ipairs(entries.i) do
    redis.call('ZADD', index_key(collection, pair[1]), 0, pair[2] .. '\0' .. id)
  end
  for _, word in ipairs(entries.w) do
    redis.call('ZADD', word_key(collection), 0, word .. '\0' .. id)
  end
  redis.call('ZADD', list_key(collection), 0, id)
  if entries.t ~= '' then
    redis.call('ZADD', expiry_key(collection), entries.t, id)
  end
end

-- The data of these ids, and whether there are more than the limit.
local function page(collection, ids, limit)
  local found = {}
  for place = 1, math.min(#ids, limit) do
    local data = redis.call('HGET', entity_key(collection, ids[place]), 'd')
    if data then found[#found + 1] = data end
  end
  return {#ids > limit and 1 or 0, found}
end

local function id_of(member)
  return string.sub(member, -36)
end
