-- ARGV: collection, the time before which it has expired in milliseconds, limit. Returns how many are gone.
local gone = redis.call('ZRANGEBYSCORE', expiry_key(ARGV[1]), '-inf', '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
local count = 0
for _, id in ipairs(gone) do count = count + take_out(ARGV[1], id) end
return count
