-- ARGV: collection, field, value. Returns the data of who has this value, or nothing.
local id = redis.call('HGET', unique_key(ARGV[1], ARGV[2]), ARGV[3])
return id and redis.call('HGET', entity_key(ARGV[1], id), 'd')
