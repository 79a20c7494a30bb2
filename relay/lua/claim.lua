-- The typist's seat, once for ever: the nameplate, the token's hash, the mailbox's life
-- from then on, and how long a nameplate rests.
local name, hash, life_ms, rest_ms = ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])

if redis.call('EXISTS', ticket_key(hash)) == 1 then
  local known, seat = ticket_read(hash)
  if known == nil or known.name ~= name or seat ~= 1 then return { NOTHING } end
  return record_tell(FOUND, known, 1)
end
local record = record_read(name)
if record == nil then return { redis.call('EXISTS', mailbox_key(name)) == 1 and NOTHING or unknown() } end
if record.t1 or record.ends <= now then return { NOTHING } end
record.t1, record.ends = hash, now + life_ms
redis.call('HSET', mailbox_key(name), 't1', hash, 'end', record.ends)
ticket_write(record, 1)
record_last(record)
plate_keep(name, record.ends + GRACE_MS + rest_ms)
return record_tell(NEW, record, 1)
