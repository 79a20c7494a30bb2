-- What the scripts on records begin with. ARGV[1] begins all keys, ARGV[2] is the asking node, the rest is each script's own.
local prefix, self = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local NOTHING, FOUND, NEW, FULL, DONE, MISSING, LOST, UNKNOWN, FORGOTTEN = 0, 1, 2, 3, 4, 5, 6, 7, 8
local GRACE_MS = 60000 -- a record outlives its mailbox, whose owner has a clock of its own

local function mailbox_key(name) return prefix .. 'mb:' .. name end
local function ticket_key(hash) return prefix .. 'tk:' .. hash end
local function plates_key(digits) return prefix .. 'plates:' .. digits end
local function is_alive(node) return redis.call('EXISTS', prefix .. 'node:' .. node) == 1 end

-- An engine that does not know the asking node has forgotten more than that, until it is told again.
local function unknown() return is_alive(self) and UNKNOWN or FORGOTTEN end

-- What is there: nil, or a record, or something that is none: is_none is true then.
local function record_look(name)
  local flat = redis.pcall('HGETALL', mailbox_key(name))
  if flat.err then return { name = name, is_none = true } end
  if #flat == 0 then return nil end
  local record = { name = name }
  for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
  record.era, record.born, record.ends = tonumber(record.era), tonumber(record.born), tonumber(record['end'])
  record.is_none = record.v ~= '1' or record.over or
    not (record.owner and record.t0 and record.era and record.born and record.ends)
  return record
end

local function record_read(name)
  local record = record_look(name)
  if record == nil or record.is_none then return nil end
  return record
end

local function is_mine(record, t0) return not record.is_none and record.owner == self and record.t0 == t0 end

-- What a token leads to, and its seat; nil when it leads nowhere.
local function ticket_read(hash)
  local name, seat = string.match(redis.call('GET', ticket_key(hash)) or '', '^(%d+:%d+):(%d)$')
  if name == nil then return nil end
  return record_read(name), tonumber(seat)
end

local function ticket_write(record, seat)
  redis.call('SET', ticket_key(record['t' .. seat]), record.name .. ':' .. seat, 'PXAT', record.ends + GRACE_MS)
end

local function record_last(record)
  redis.call('PEXPIREAT', mailbox_key(record.name), record.ends + GRACE_MS)
  for _, hash in ipairs({ record.t0, record.t1 }) do
    redis.call('PEXPIREAT', ticket_key(hash), record.ends + GRACE_MS)
  end
end

-- Nobody is given the nameplate before that time.
local function plate_keep(name, until_ms)
  local digits, value = string.match(name, '^(%d+):(%d+)$')
  local key = plates_key(digits)
  redis.call('ZADD', key, until_ms, value)
  if redis.call('PTTL', key) < until_ms - now then redis.call('PEXPIREAT', key, until_ms + GRACE_MS) end
end

-- Tells of a record; the asking node becomes its owner first when the one before is dead, or nobody is.
local function record_tell(result, record, seat)
  local is_adopted = 0
  if record.owner ~= self and not is_alive(record.owner) then
    if record.ends <= now then return { NOTHING } end
    is_adopted = 1
    record.owner, record.era = self, record.era + 1
    redis.call('HSET', mailbox_key(record.name), 'owner', self, 'era', record.era)
  end
  local is_joined = (record.t1 or record.joined == '1') and 1 or 0
  return { result, record.name, seat, record.owner, record.era, is_adopted, is_joined,
    tonumber(record.m0 or 0), tonumber(record.m1 or 0), now - record.born, math.max(record.ends - now, 0),
    record.t0, record.t1 or '' }
end
