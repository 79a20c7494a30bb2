-- A seat has closed: the nameplate, the first token's hash, the seat, and the mood.
local name, seat, mood = ARGV[3], ARGV[5], ARGV[6]
local record = record_look(name)

if record == nil then return { MISSING } end
if not is_mine(record, ARGV[4]) then return { LOST } end
redis.call('HSET', mailbox_key(name), 'm' .. seat, mood)
return { DONE }
