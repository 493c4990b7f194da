-- KEYS[1]: the epoch, for the slot. ARGV: the fence; the entries.
for place = 2, #ARGV do
  local held = redis.pcall('GET', ARGV[place])
  local rest = ''
  if type(held) == 'string' and string.sub(held, 1, 1) == 'F' then
    local from, to = string.find(held, ARGV[1] .. ',', 1, true)
    rest = from and string.sub(held, 1, from - 1) .. string.sub(held, to + 1) or held
  end
  if #rest > 1 then
    redis.call('SET', ARGV[place], rest, 'KEEPTTL')
  elseif held then
    redis.call('DEL', ARGV[place])
  end
end
return 1
