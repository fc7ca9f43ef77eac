/* SPDX-License-Identifier: Apache-2.0
 *
 * store_lua.h - what the store does for us in one step (Redis 5 and later, Valkey). One key for each certificate:
 *
 *   handfast:{DIGEST}   a hash:   gen           the highest generation that was given out
 *                                 PLACE@NODE    "ends ttl generation since from": a lease
 *
 * A lease is what SET NX PX would make, but several stand under one key, because a limit counts places and because two
 * nodes may serve the same place. A field has no life of its own in Redis 7, so each lease says when it ends by the
 * store's clock; the key itself goes when it was not used for ten lives.
 *
 *   1. A generation is never given twice, nor a lower one after a higher one: it is the highest so far plus one, or the
 *      time, whichever is more (so that it rises even when the store has forgotten everything).
 *   2. A lease that ends later than its ttl from now was made before the clock was set back: it is cut to its ttl.
 *   3. Who renews says which generation it holds. A lease that is gone is given anew if the rule allows it, and not if a
 *      newcomer has replaced it.
 */
#ifndef HF_PROG_STORE_LUA_H
#define HF_PROG_STORE_LUA_H

/* KEYS: the certificate. ARGV: PLACE, NODE, ttl in ms, mode (o, l, r), limit, generation held (0: a newcomer), since,
 * from. Answers {1: held | 0: refused | -1: replaced, generation, other places, since, from} of the oldest other. */
static const char store_lua_enter[] =
    "local key, place, node, ttl, mode, held = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], "
    "tonumber(ARGV[6])\n"
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
    "local function n(x) return string.format('%.0f', x) end\n"
    "local function lease(ends, life, gen, since, from)\n"
    "  return n(ends) .. ' ' .. n(life) .. ' ' .. n(gen) .. ' ' .. since .. ' ' .. from\n"
    "end\n"
    "local gen, mine, known, others, oldest, seen, else_fields = 0, nil, false, 0, nil, {}, {}\n"
    "local all = redis.call('HGETALL', key)\n"
    "for i = 1, #all, 2 do\n"
    "  local field, v = all[i], all[i + 1]\n"
    "  if field == 'gen' then gen = tonumber(v) else\n"
    "    local ends, life, g, since, from = string.match(v, '^(%d+) (%d+) (%d+) (%d+) (.*)$')\n"
    "    local at, who = string.match(field, '^(%x+)@(%x+)$')\n"
    "    ends, life, g = tonumber(ends), tonumber(life), tonumber(g)\n"
    "    if ends > now + life then\n"
    "      ends = now + life\n"
    "      redis.call('HSET', key, field, lease(ends, life, g, since, from))\n"
    "    end\n"
    "    if ends <= now then redis.call('HDEL', key, field)\n"
    "    elseif at == place then\n"
    "      known = true\n"
    "      if who == node then mine = g end\n"
    "    else\n"
    "      else_fields[#else_fields + 1] = field\n"
    "      if not seen[at] then seen[at] = true; others = others + 1 end\n"
    "      if not oldest or tonumber(since) < tonumber(oldest[1]) then oldest = {since, from} end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "oldest = oldest or {'0', ''}\n"
    "if mode == 'l' and not known and others >= tonumber(ARGV[5]) then\n"
    "  return {0, gen, others, oldest[1], oldest[2]}\n"
    "end\n"
    "if mode == 'r' and held > 0 and not mine and others > 0 then\n"
    "  return {-1, gen, others, oldest[1], oldest[2]}\n"
    "end\n"
    "if not mine or mine ~= held then\n"
    "  gen = math.max(gen + 1, now)\n"
    "  mine = gen\n"
    "  redis.call('HSET', key, 'gen', n(gen))\n"
    "end\n"
    "if mode == 'r' and held == 0 then\n"
    "  for _, field in ipairs(else_fields) do\n"
    "    redis.call('HDEL', key, field)\n"
    "    redis.call('PUBLISH', 'handfast:' .. string.match(field, '@(%x+)$'),\n"
    "               key .. ' ' .. place .. ' ' .. n(mine) .. ' ' .. ARGV[8])\n"
    "  end\n"
    "end\n"
    "redis.call('HSET', key, place .. '@' .. node, lease(now + ttl, ttl, mine, ARGV[7], ARGV[8]))\n"
    "redis.call('PEXPIRE', key, ttl * 10)\n"
    "return {1, mine, others, oldest[1], oldest[2]}\n";

/* KEYS: the certificate. ARGV: PLACE@NODE, generation held (0: whichever, when the answer of store_lua_enter was lost). Ends
 * this lease and no other. */
static const char store_lua_leave[] =
    "local v = redis.call('HGET', KEYS[1], ARGV[1])\n"
    "if v and (ARGV[2] == '0' or string.match(v, '^%d+ %d+ (%d+) ') == ARGV[2]) then\n"
    "  return redis.call('HDEL', KEYS[1], ARGV[1])\n"
    "end\n"
    "return 0\n";

#endif
