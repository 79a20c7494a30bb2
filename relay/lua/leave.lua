-- A node goes: its records are whoever's a device comes to.
local prefix, self = ARGV[1], ARGV[2]

redis.call('ZREM', prefix .. 'nodes', self)
return redis.call('DEL', prefix .. 'node:' .. self, prefix .. 'in:' .. self)
