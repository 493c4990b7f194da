-- Does once whatever the other scripts do, on a key that is gone afterwards. Nothing of a commit may be refused
-- when a part of it is done already: not for the user's rights, nor since the server is full or takes no writes.
local key = KEYS[1] .. ':probe'
redis.call('SET', key, '', 'PX', 1000)
redis.call('EXISTS', key)
redis.call('DEL', key)
redis.call('HSET', key, 'field', 'value')
redis.call('HGET', key, 'field')
redis.call('HEXISTS', key, 'field')
redis.call('HDEL', key, 'field')
redis.call('ZADD', key, 0, 'member')
redis.call('ZCARD', key)
redis.call('ZLEXCOUNT', key, '-', '+')
redis.call('ZRANGE', key, '-', '+', 'BYLEX', 'LIMIT', 0, 1)
redis.call('ZRANGEBYSCORE', key, '-inf', '(1', 'LIMIT', 0, 1)
redis.call('ZREM', key, 'member')
redis.call('DEL', key)
redis.call('TIME')
return 1
