-- KEYS[1]: the epoch. ARGV: the entry; a lease; for how many milliseconds it is given; an epoch to begin
-- with where there is none; for how many milliseconds.
local entry = ARGV[1]
-- A write that changes nothing: a server that takes no writes may be behind, and must not answer.
redis.call('DEL', KEYS[1] .. ':never')

local held = redis.pcall('GET', entry)
if type(held) ~= 'string' then held = '' end
local kind = string.sub(held, 1, 1)
if kind == 'F' then return {'F', ''} end

local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) ~= 'string' then
  epoch = ARGV[4]
  redis.call('SET', KEYS[1], epoch, 'PX', ARGV[5])
end
local mark = epoch .. ':'
if (kind == 'V' or kind == 'L') and string.sub(held, 2, #mark + 1) == mark then
  return {kind, string.sub(held, #mark + 2)}
end
redis.call('SET', entry, 'L' .. mark .. ARGV[2], 'PX', ARGV[3])
return {'G', ''}
