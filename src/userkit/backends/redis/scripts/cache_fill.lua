-- KEYS[1]: the epoch. ARGV: the entry; the lease; the value; for how many milliseconds it is kept.
local epoch = redis.pcall('GET', KEYS[1])
if type(epoch) ~= 'string' then return 0 end
if redis.pcall('GET', ARGV[1]) ~= 'L' .. epoch .. ':' .. ARGV[2] then return 0 end
redis.call('SET', ARGV[1], 'V' .. epoch .. ':' .. ARGV[3], 'PX', ARGV[4])
return 1
