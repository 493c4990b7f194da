-- KEYS[1]: the epoch, for the slot. ARGV: a fence; for how many milliseconds it stands; the entries.
for place = 3, #ARGV do
  local held = redis.pcall('GET', ARGV[place])
  local fences = 'F'
  if type(held) == 'string' and string.sub(held, 1, 1) == 'F' then fences = held end
  -- So many writers at once, or dead ones: a fence that nobody takes away, and that ends by itself.
  if #fences > 4000 then fences = 'F*,' end
  redis.call('SET', ARGV[place], fences .. ARGV[1] .. ',', 'PX', ARGV[2])
end
return 1
