-- The owner tells how its mailbox is: the nameplate, the first token's hash, whether it is joined, what is left of its life, and how long
-- a nameplate rests. Answers with the second token's hash.
local name, is_joined, left_ms, rest_ms = ARGV[3], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local record = record_look(name)

if record == nil then return { MISSING } end
if not is_mine(record, ARGV[4]) then return { LOST } end
record.ends = now + left_ms
redis.call('HSET', mailbox_key(name), 'joined', is_joined, 'end', record.ends)
record_last(record)
plate_keep(name, record.ends + GRACE_MS + rest_ms)
return { DONE, record.t1 or '' }
