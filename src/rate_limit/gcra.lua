-- GCRA (generic cell rate algorithm) for many waiting calls at once, by Redis's own clock.
-- KEYS: each key once. ARGV: one text, the numbers below as a MessagePack array, since each argument of its own costs as much
-- as the decision that it is for: p, then p times (interval, count); of each key the number of its quota among those, from 0;
-- then one group for each call: n, then n key indices, from 1.
-- n > 0: a check; all of its n keys are charged, or none. n < 0: the call's charges are given back.
-- Answer: for each key of each check, how far its arrival time lies ahead, a; or -1 - a where it does not allow the call. All in
-- microseconds, which stay exact in Lua's doubles until the year 2255.
-- A number that Redis has to turn into text itself is printed as a double of 17 digits, which is dear.
local given, max, min, text = cmsgpack.unpack(ARGV[1]), math.max, math.min, string.format
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local arrival = redis.call('MGET', unpack(KEYS))
local at = 2 + 2 * given[1]
-- Of each key: how far it lies ahead, what a call adds, and from where on none is allowed.
local ahead, interval, limit = {}, {}, {}
for k = 1, #KEYS do
    local quota = 2 + 2 * given[at]
    at = at + 1
    interval[k] = given[quota]
    limit[k] = given[quota] * (given[quota + 1] - 1)
    -- A clock that was set back must not lock a key out: nothing lies further ahead than a full burst.
    ahead[k] = min(max((tonumber(arrival[k]) or 0) - now, 0), limit[k] + interval[k])
end
local changed, answer, said = {}, {}, 0
while given[at] do
    local n = given[at]
    local first, last = at + 1, at + math.abs(n)
    local pass = true
    for j = first, last do
        pass = pass and ahead[given[j]] <= limit[given[j]]
    end
    for j = first, last do
        local k = given[j]
        if n < 0 then
            ahead[k] = max(ahead[k] - interval[k], 0)
            changed[k] = true
        else
            said = said + 1
            answer[said] = ahead[k] <= limit[k] and ahead[k] or -1 - ahead[k]
            if pass then
                ahead[k] = ahead[k] + interval[k]
                answer[said] = ahead[k]
                changed[k] = true
            end
        end
    end
    at = last + 1
end
for k in pairs(changed) do
    if ahead[k] > 0 then
        local until_, lasts = text('%d', now + ahead[k]), text('%d', math.ceil(ahead[k] / 1000))
        redis.call('SET', KEYS[k], until_, 'PX', lasts)
    else
        redis.call('DEL', KEYS[k])
    end
end
return answer
