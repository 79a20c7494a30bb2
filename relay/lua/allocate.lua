-- A new record with a free nameplate: the token's hash, the mailbox's life, how long a nameplate rests, and random numbers of at
-- least as many digits as the longest nameplate has. Those of 8 digits are a node's own (STORE_ALONE_DIGITS).
local hash, life_ms, rest_ms = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local first, shortest, longest = 6, 4, 7

local known, seat = ticket_read(hash)
if known then
  local told = record_tell(FOUND, known, seat)
  if told[1] == FOUND then return told end
end

-- The end of a uniform number is uniform, and so is the first that is free.
local function plate_choose(digits)
  for i = first, #ARGV do
    local value = string.sub(ARGV[i], -digits)
    local name = digits .. ':' .. value
    local there = record_look(name)
    if tonumber(redis.call('ZSCORE', plates_key(digits), value) or 0) <= now and (there == nil or there.over) then
      return name
    end
  end
end

for digits = shortest, longest do
  local key = plates_key(digits)
  if redis.call('ZCOUNT', key, '(' .. now, '+inf') <= 10 ^ digits / 10 then
    local name = plate_choose(digits)
    if name == nil then return { FULL } end
    local record = { name = name, owner = self, era = 1, born = now, ends = now + life_ms, t0 = hash }
    -- First what a full engine refuses.
    redis.call('HSET', mailbox_key(name), 'v', 1, 'owner', self, 'era', 1, 't0', hash, 'born', now, 'end', record.ends)
    redis.call('HDEL', mailbox_key(name), 'over')
    ticket_write(record, 0)
    record_last(record)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    plate_keep(name, record.ends + GRACE_MS + rest_ms)
    return record_tell(NEW, record, 0)
  end
end
return { FULL }
