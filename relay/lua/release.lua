-- The mailbox is over: the nameplate, the first token's hash, the second's or nothing, and how long a nameplate rests. For a while a
-- record says so, so that nobody who was away puts it back.
local name, t0, t1, rest_ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local record = record_look(name)

if record and not is_mine(record, t0) then return { LOST } end
redis.call('DEL', mailbox_key(name), ticket_key(t0))
if record and record.t1 then t1 = record.t1 end
if t1 ~= '' then redis.call('DEL', ticket_key(t1)) end
redis.call('HSET', mailbox_key(name), 'v', 1, 'over', 1)
redis.call('PEXPIRE', mailbox_key(name), 2 * GRACE_MS)
plate_keep(name, now + rest_ms)
return { DONE }
