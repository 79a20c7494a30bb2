-- An owner that was cut off, or whose engine has forgotten, puts its records back: how long a nameplate rests, then nine words for each record.
-- Answers with one word for each: it is there and the asking node's, or it is lost.
local rest_ms = tonumber(ARGV[3])
local answers = {}

-- A seat that is taken by a token that is not known stays taken.
local function record_write(record)
  redis.call('HSET', mailbox_key(record.name), 'v', 1, 'owner', self, 'era', record.era, 't0', record.t0,
    'born', record.born, 'end', record.ends, 'joined', record.joined)
  for _, field in ipairs({ 't1', 'm0', 'm1' }) do
    if record[field] then redis.call('HSET', mailbox_key(record.name), field, record[field]) end
  end
  ticket_write(record, 0)
  if record.t1 and record.t1 ~= '-' then ticket_write(record, 1) end
  record_last(record)
  plate_keep(record.name, record.ends + GRACE_MS + rest_ms)
end

local function is_lost(mine, there)
  if there.is_none or there.t0 ~= mine.t0 or there.era > mine.era then return true end
  return there.owner ~= self and there.era == mine.era
end

local function restore(mine)
  local there = record_look(mine.name)
  if there and is_lost(mine, there) then return LOST end
  if there then mine.born = there.born end
  if there and there.t1 and there.t1 ~= '-' then mine.t1 = there.t1 end
  if mine.t1 == nil and mine.joined == '1' then mine.t1 = '-' end
  record_write(mine)
  return DONE
end

for i = 4, #ARGV - 8, 9 do
  local mine = { name = ARGV[i], era = tonumber(ARGV[i + 1]), t0 = ARGV[i + 2], t1 = ARGV[i + 3],
    born = now - tonumber(ARGV[i + 4]), ends = now + tonumber(ARGV[i + 5]),
    joined = ARGV[i + 6], m0 = ARGV[i + 7], m1 = ARGV[i + 8] }
  for _, field in ipairs({ 't1', 'm0', 'm1' }) do
    if mine[field] == '' then mine[field] = nil end
  end
  answers[#answers + 1] = restore(mine)
end
return answers
