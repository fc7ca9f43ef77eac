/* SPDX-License-Identifier: Apache-2.0
 * store.c - see store.h. */
#include "prog/store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "prog/store_lua.h"

int64_t store_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- hiredis on the loop --------------------------------------------------------------------------------- */

struct watch {
    uv_poll_t          poll;
    redisAsyncContext *ac;
    int                events;
};

static void on_socket(uv_poll_t *h, int status, int events)
{
    struct watch *w = h->data;
    if (status < 0 || (events & UV_READABLE))
        redisAsyncHandleRead(w->ac);
    if (w->ac && (events & UV_WRITABLE)) /* reading may have ended it */
        redisAsyncHandleWrite(w->ac);
}

static void watch_for(struct watch *w, int events)
{
    w->events = events;
    if (events)
        uv_poll_start(&w->poll, events, on_socket);
    else
        uv_poll_stop(&w->poll);
}

static void add_read(void *p)
{
    watch_for(p, ((struct watch *)p)->events | UV_READABLE);
}

static void del_read(void *p)
{
    watch_for(p, ((struct watch *)p)->events & ~UV_READABLE);
}

static void add_write(void *p)
{
    watch_for(p, ((struct watch *)p)->events | UV_WRITABLE);
}

static void del_write(void *p)
{
    watch_for(p, ((struct watch *)p)->events & ~UV_WRITABLE);
}

static void on_watch_closed(uv_handle_t *h)
{
    free(h->data);
}

static void cleanup(void *p)
{
    struct watch *w = p;
    w->ac           = NULL;
    uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

static bool watch_new(redisAsyncContext *ac, uv_loop_t *loop)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w || uv_poll_init(loop, &w->poll, ac->c.fd) != 0) {
        free(w);
        return false;
    }
    w->ac           = ac;
    w->poll.data    = w;
    ac->ev.data     = w;
    ac->ev.addRead  = add_read;
    ac->ev.delRead  = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup  = cleanup;
    return true;
}

/* ---- up and away ----------------------------------------------------------------------------------------- */

/* Both connections go; questions that are open are answered with NULL on the way. */
static void go_away(struct store *s, const char *why)
{
    redisAsyncContext *ask = s->ask, *hear = s->hear;
    bool               was_up = s->up;
    s->ask = s->hear = NULL;
    s->up            = false;
    s->unanswered    = 0;
    s->next_ms       = store_now_ms() + s->retry_ms;
    s->retry_ms      = s->retry_ms * 2 < STORE_RETRY_MAX_MS ? s->retry_ms * 2 : STORE_RETRY_MAX_MS;
    text_printable(s->why, sizeof s->why, why, strlen(why));
    if ((was_up || s->retry_ms == 2 * STORE_RETRY_MS) && !s->stopped)
        s->events->away(s->ctx, s->why);
    if (ask)
        redisAsyncFree(ask);
    if (hear)
        redisAsyncFree(hear);
}

static struct store *store_of(const redisAsyncContext *ac)
{
    struct store *s = ac->data;
    return s->ask == ac || s->hear == ac ? s : NULL;
}

/* hiredis frees this one itself. */
static void forget(struct store *s, const redisAsyncContext *ac)
{
    *(s->ask == ac ? &s->ask : &s->hear) = NULL;
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct store *s = store_of(ac);
    if (!s || status == REDIS_OK)
        return;
    char why[128];
    text_add(why, sizeof why, 0, "%s", ac->errstr ? ac->errstr : "no connection");
    forget(s, ac);
    go_away(s, why);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct store *s = store_of(ac);
    char          why[128];
    if (!s)
        return;
    text_add(why, sizeof why, 0, "%s", status == REDIS_OK || !ac->errstr ? "the connection was closed" : ac->errstr);
    forget(s, ac);
    go_away(s, why);
}

static redisAsyncContext *dial(struct store *s)
{
    char host[64], port[8];
    if (getnameinfo(&s->at->at.at[0].sa, s->at->at.len[0], host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return NULL;
    redisAsyncContext *ac = redisAsyncConnect(host, atoi(port));
    if (!ac)
        return NULL;
    ac->data = s;
    if (ac->err || !watch_new(ac, s->loop)) {
        redisAsyncFree(ac);
        return NULL;
    }
    redisEnableKeepAlive(&ac->c); /* a network that forgets silent connections would keep messages from us */
    redisAsyncSetConnectCallback(ac, on_connect);
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
    return ac;
}

/* ---- the first words ------------------------------------------------------------------------------------- */

/* One step towards up. Errors such as a wrong password name no secrets. */
static bool step(struct store *s, const redisReply *r)
{
    if (!s || !r)
        return false;
    if (r->type == REDIS_REPLY_ERROR) {
        go_away(s, r->str);
        return false;
    }
    if (--s->steps == 0) {
        s->up         = true;
        s->retry_ms   = STORE_RETRY_MS;
        s->unanswered = 0;
        s->events->up(s->ctx);
    }
    return true;
}

static void on_step(redisAsyncContext *ac, void *reply, void *arg)
{
    step(store_of(ac), reply);
}

static void on_script(redisAsyncContext *ac, void *reply, void *sha)
{
    const redisReply *r = reply;
    if (r && r->type == REDIS_REPLY_STRING)
        text_add(sha, sizeof((struct store *)0)->sha[0], 0, "%s", r->str);
    step(store_of(ac), r);
}

static void on_message(redisAsyncContext *ac, void *reply, void *arg)
{
    const redisReply *r = reply;
    struct store     *s = store_of(ac);
    if (!s || !r)
        return;
    if (r->type == REDIS_REPLY_ARRAY && r->elements == 3 && r->element[2]->type == REDIS_REPLY_STRING)
        s->events->heard(s->ctx, r->element[2]->str);
    else
        step(s, r); /* the subscription stands */
}

static void login(struct store *s, redisAsyncContext *ac)
{
    if (s->at->pass && s->at->user)
        redisAsyncCommand(ac, on_step, NULL, "AUTH %s %s", s->at->user, s->at->pass);
    else if (s->at->pass)
        redisAsyncCommand(ac, on_step, NULL, "AUTH %s", s->at->pass);
    s->steps += s->at->pass != NULL;
}

static void begin(struct store *s, int64_t now_ms)
{
    s->steps    = 0;
    s->since_ms = now_ms;
    s->ask      = dial(s);
    s->hear     = s->ask ? dial(s) : NULL;
    if (!s->hear) {
        go_away(s, "no connection can be begun");
        return;
    }
    login(s, s->ask);
    login(s, s->hear);
    redisAsyncCommand(s->ask, on_step, NULL, "SELECT %u", s->at->db);
    redisAsyncCommand(s->ask, on_script, s->sha[STORE_ENTER], "SCRIPT LOAD %s", store_lua_enter);
    redisAsyncCommand(s->ask, on_script, s->sha[STORE_LEAVE], "SCRIPT LOAD %s", store_lua_leave);
    redisAsyncCommand(s->hear, on_message, NULL, "SUBSCRIBE %s", s->channel);
    s->steps += 4;
}

/* ---- in use ---------------------------------------------------------------------------------------------- */

void store_init(struct store *s, uv_loop_t *loop, const struct store_at *at, const struct store_events *events,
                void *ctx, const char *channel)
{
    *s = (struct store){.loop = loop, .at = at, .events = events, .ctx = ctx, .retry_ms = STORE_RETRY_MS};
    text_add(s->channel, sizeof s->channel, 0, "%s", channel);
}

bool store_answered(struct store *s, const redisReply *r)
{
    if (!r)
        return false;
    if (s->unanswered)
        s->unanswered--;
    s->since_ms = store_now_ms();
    if (r->type == REDIS_REPLY_ERROR)
        go_away(s, r->str); /* it has forgotten the scripts, is a replica, or has no memory */
    return r->type != REDIS_REPLY_ERROR;
}

bool store_ask(struct store *s, enum store_script script, redisCallbackFn *answer, void *arg, int n,
               const char *const *args)
{
    const char *argv[STORE_ARGS + 3] = {"EVALSHA", s->sha[script], "1"};
    if (!s->up)
        return false;
    memcpy(argv + 3, args, (size_t)n * sizeof *args);
    if (redisAsyncCommandArgv(s->ask, answer, arg, n + 3, argv, NULL) != REDIS_OK)
        return false;
    if (s->unanswered++ == 0)
        s->since_ms = store_now_ms();
    return true;
}

static void on_pong(redisAsyncContext *ac, void *reply, void *arg)
{
    struct store *s = store_of(ac);
    if (s)
        store_answered(s, reply);
}

/* Nothing was asked for a while: is it still there. */
static void ping(struct store *s, int64_t now_ms)
{
    if (redisAsyncCommand(s->ask, on_pong, NULL, "PING") != REDIS_OK)
        return;
    s->unanswered = 1;
    s->since_ms   = now_ms;
}

void store_tick(struct store *s, int64_t now_ms)
{
    int64_t silent_ms = now_ms - s->since_ms;
    if (!s->ask && !s->stopped && now_ms >= s->next_ms)
        begin(s, now_ms);
    else if (s->ask && (!s->up || s->unanswered) && silent_ms > STORE_PATIENCE_MS)
        go_away(s, "it does not answer");
    else if (s->up && !s->unanswered && silent_ms > STORE_PING_MS)
        ping(s, now_ms);
}

void store_stop(struct store *s)
{
    s->stopped = true;
    if (s->up && s->unanswered) {
        s->up = false;
        redisAsyncDisconnect(s->ask);
    } else
        go_away(s, "stopped");
}
