-- ARGV: collection, u for a unique field, i for an indexed one, a for all; field, value.
if ARGV[2] == 'a' then return redis.call('ZCARD', list_key(ARGV[1])) end
if ARGV[2] == 'u' then return redis.call('HEXISTS', unique_key(ARGV[1], ARGV[3]), ARGV[4]) end
return redis.call('ZLEXCOUNT', index_key(ARGV[1], ARGV[3]), '[' .. ARGV[4] .. '\0', '(' .. ARGV[4] .. '\0g')
