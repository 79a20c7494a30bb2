-- One envelope into a node's inbox: the node, how many the inbox holds at most, how long it lasts, and the envelope. Answers 0 when the node is dead.
local prefix, to, most, inbox_ms, envelope = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local inbox = prefix .. 'in:' .. to

if redis.call('EXISTS', prefix .. 'node:' .. to) == 0 then return 0 end
redis.call('XADD', inbox, 'MAXLEN', '~', most, '*', 'e', envelope)
if redis.call('PTTL', inbox) < 0 then redis.call('PEXPIRE', inbox, inbox_ms) end
return 1
