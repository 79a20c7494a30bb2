-- A node lives: the oldest entry that it has not read of its inbox, how long its lease and its inbox last, and the nodes that it asks about.
-- Answers whether the lease was still there, what waits in the inbox, the newest entry that ever was in it, all nodes, and the dead ones
-- of those that were asked about, and whether the engine takes anything new: full, it keeps the lease, too.
local prefix, self, read, lease_ms, inbox_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local lease, inbox, nodes = prefix .. 'node:' .. self, prefix .. 'in:' .. self, prefix .. 'nodes'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- First of all, since a script that has written may go on.
local is_writable = redis.pcall('ZADD', nodes, now, self)
local was_there = redis.call('PEXPIRE', lease, lease_ms)
if was_there == 0 then redis.call('SET', lease, 1, 'PX', lease_ms) end
redis.call('PEXPIRE', inbox, inbox_ms)
redis.call('XTRIM', inbox, 'MINID', read)

local newest = '0-0'
local facts = redis.pcall('XINFO', 'STREAM', inbox)
for i = 1, facts.err and 0 or #facts, 2 do
  if facts[i] == 'last-generated-id' then newest = facts[i + 1] end
end

redis.call('PEXPIRE', nodes, inbox_ms)
local living, dead = {}, {}
for _, node in ipairs(redis.call('ZRANGE', nodes, 0, -1)) do
  if redis.call('EXISTS', prefix .. 'node:' .. node) == 1 then
    living[#living + 1] = node
  else
    redis.call('ZREM', nodes, node)
  end
end
for i = 6, #ARGV do
  if redis.call('EXISTS', prefix .. 'node:' .. ARGV[i]) == 0 then dead[#dead + 1] = ARGV[i] end
end
return { was_there, redis.call('XLEN', inbox), newest, living, dead, type(is_writable) == 'table' and 0 or 1 }
