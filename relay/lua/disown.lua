-- The asking node has no mailbox for the nameplate: if it is the owner, nobody is.
local record = record_read(ARGV[3])

if record and record.owner == self then redis.call('HSET', mailbox_key(record.name), 'owner', 'nobody') end
return { DONE }
