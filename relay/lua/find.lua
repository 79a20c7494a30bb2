-- Where a token leads: its hash.
local record, seat = ticket_read(ARGV[3])
if record == nil then return { unknown() } end
return record_tell(FOUND, record, seat)
