-- GCRA (generic cell rate algorithm) for many waiting calls at once, by Redis's own clock.
-- KEYS: each key once. ARGV: one group for each call: n, then n times (key index, interval, count).
-- n > 0: a check; all of its n quotas are charged, or none. n < 0: the call's charges are given back.
-- Answer: for each quota of each check: allowed (1 or 0), then how far its arrival time lies ahead. All in microseconds,
-- which stay exact in Lua's doubles until the year 2255.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local arrival = redis.call('MGET', unpack(KEYS))
for i = 1, #KEYS do
    arrival[i] = tonumber(arrival[i] or 0)
end
local changed, answer, at = {}, {}, 1
while ARGV[at] do
    local n = tonumber(ARGV[at])
    local charges, pass = {}, true
    for j = 1, math.abs(n) do
        local k, interval, count = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
        -- A clock that was set back must not lock a key out: nothing lies further ahead than a full burst.
        local ahead = math.min(math.max(arrival[k] - now, 0), interval * count)
        local allowed = ahead <= interval * (count - 1)
        pass = pass and allowed
        charges[j] = { k, interval, ahead, allowed }
        at = at + 3
    end
    at = at + 1
    for _, charge in ipairs(charges) do
        local k, interval, ahead, allowed = charge[1], charge[2], charge[3], charge[4]
        if n < 0 then
            arrival[k] = now + math.max(ahead - interval, 0)
            changed[k] = true
        else
            if pass then
                ahead = ahead + interval
                arrival[k] = now + ahead
                changed[k] = true
            end
            answer[#answer + 1] = allowed and 1 or 0
            answer[#answer + 1] = ahead
        end
    end
end
for k in pairs(changed) do
    local life = math.ceil((arrival[k] - now) / 1000)
    if life > 0 then
        redis.call('SET', KEYS[k], string.format('%.0f', arrival[k]), 'PX', life)
    else
        redis.call('DEL', KEYS[k])
    end
end
return answer
