-- Requests of `benchmarks/serving.py load` for wrk: one record each, no sentence ever sent twice, so that nothing is
-- answered from what was read before. Arguments: a key for the numbers, and how many sentences a record has.

local things = { "battery", "screen", "zip", "app", "hinge", "manual", "strap", "charger" }
local verdicts = { "broke", "still works great", "got slow", "looks cheap", "is easy to use" }
local ends = { "support never answered", "I would buy it again", "the price is fair", "they refunded me at once" }
local part, next_part = 0, 0

function setup(thread)
  thread:set("part", next_part)
  next_part = next_part + 1
end

function init(args)
  key, sentences, count = args[1], tonumber(args[2]), 0
  math.randomseed(part * 7919 + #key)
  wrk.method, wrk.path = "POST", "/v1/opinions"
  wrk.headers["Content-Type"] = "application/json"
end

local function one(list) return list[math.random(#list)] end

function request()
  local said = {}
  for number = 1, sentences do
    count = count + 1
    said[number] = string.format("The %s of order %s%d-%d %s, and %s.",
      one(things), key, part, count, one(verdicts), one(ends))
  end
  return wrk.format(nil, nil, nil, '{"records":[{"text":"' .. table.concat(said, " ") .. '"}]}')
end

function done(summary, latency)
  local wrong = summary.errors.status + summary.errors.timeout + summary.errors.connect + summary.errors.read
  io.write(string.format('{"answers": %d, "a_second": %.1f, "p50_ms": %.1f, "p95_ms": %.1f, "p99_ms": %.1f, "errors": %d}\n',
    summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(95) / 1000, latency:percentile(99) / 1000, wrong))
end
