-- Before a relay is started: whether its user may do all that the other scripts do, with keys that begin so and whose name is random. Answers
-- with the engine's time, what it says of its memory, and the first error.
local prefix, name = ARGV[1], ARGV[2]
local text, hash, set, stream = 'text', 'hash', 'set', 'stream'
local wrong

local function key(kind) return prefix .. 'check:' .. name .. ':' .. kind end

local function failed(answer) return type(answer) == 'table' and answer.err end

local function try(command, ...)
  if wrong then return end
  local answer = redis.pcall(command, ...)
  wrong = failed(answer) or nil
  return answer
end

local time = try('TIME')
try('SET', key(text), 1, 'PX', 1000)
-- Nothing is made that could not be given a lifetime.
try('PEXPIRE', key(text), 1000)
try('PTTL', key(text))
try('EXISTS', key(text))
try('GET', key(text))
try('HSET', key(hash), 'v', 1)
try('PEXPIRE', key(hash), 1000)
try('PEXPIREAT', key(hash), 1)
try('HGETALL', key(hash))
try('HDEL', key(hash), 'v')
try('ZADD', key(set), 1, 1)
try('PEXPIRE', key(set), 1000)
try('ZSCORE', key(set), 1)
try('ZCOUNT', key(set), 1, 1)
try('ZRANGE', key(set), 0, -1)
try('ZREM', key(set), 2)
try('ZREMRANGEBYSCORE', key(set), 0, 0)
try('XADD', key(stream), 'MAXLEN', '~', 10, '*', 'e', 'e')
try('PEXPIRE', key(stream), 1000)
try('XLEN', key(stream))
try('XINFO', 'STREAM', key(stream))
try('XTRIM', key(stream), 'MINID', 1)
-- Whatever went wrong, nothing stays.
for _, kind in ipairs({ text, hash, set, stream }) do
  local answer = redis.pcall('DEL', key(kind))
  wrong = wrong or failed(answer)
end
local memory = redis.pcall('INFO', 'memory')
if failed(memory) then memory = '' end
return { time and time[1] or '', memory, wrong or '' }
