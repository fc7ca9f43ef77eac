/* SPDX-License-Identifier: Apache-2.0
 * status.c - see status.h. */
#include "prog/status.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/cause.h"
#include "prog/log.h"
#include "prog/metrics.h"
#include "prog/snapshot.h"
#include "status_page.h"

enum { READERS_MAX = 32, READER_S = 15, READER_BYTES = 32 * 1024 };

/* A request that waits for the snapshot. */
struct reader {
    struct MHD_Connection *conn;
    struct reader         *next;
    bool                   metrics, waiting;
    char                  *body; /* the answer, when it is there */
    size_t                 n;
};

struct status {
    struct gate       *gate;
    struct addr        at;
    int                fd;
    bool               local;
    int64_t            started_ms;
    struct MHD_Daemon *http;
    uv_poll_t          poll;
    uv_timer_t         timer;
    uv_async_t         ready;
    unsigned           closing;
    struct snapshot    snapshot;
    struct reader     *waiting;
    char              *page;
    size_t             page_n;
    bool               stopped;
};

/* ---- answers --------------------------------------------------------------------------------------------- */

static void put_header(struct MHD_Response *r, const char *name, const char *value)
{
    MHD_add_response_header(r, name, value);
}

static enum MHD_Result reply(struct MHD_Connection *c, unsigned code, const char *type, void *body, size_t n,
                             enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(n, body, mode);
    if (!r)
        return MHD_NO;
    put_header(r, "Content-Type", type);
    put_header(r, "Cache-Control", "no-store");
    put_header(r, "X-Content-Type-Options", "nosniff");
    put_header(r, "X-Frame-Options", "DENY");
    put_header(r, "Referrer-Policy", "no-referrer");
    put_header(r, "Content-Security-Policy",
               "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src "
               "'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    enum MHD_Result done = MHD_queue_response(c, code, r);
    MHD_destroy_response(r);
    return done;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned code, const char *text)
{
    return reply(c, code, "text/plain; charset=utf-8", (void *)(uintptr_t)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static void add_all(json_t *to, const struct snapshot *s, const char *name)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < s->n; i++)
        json_array_extend(list, json_object_get(s->part[i].json, name));
    json_object_set_new(to, name, list);
}

static json_t *presence_json(const struct gate *g)
{
    struct presence_numbers n;
    json_t                 *o = json_object();
    presence_count(g->places.table, &n);
    char mode[32];
    bool counted = g->places.rule.mode == PLACE_LIMIT && g->places.rule.limit > 1;
    text_add(mode, sizeof mode, 0, counted ? "%s=%u" : "%s", place_mode_text(&g->places.rule), g->places.rule.limit);
    json_object_set_new(o, "one_place", json_string(g->places.given ? mode : "by rule"));
    json_object_set_new(o, "certificates", json_integer((json_int_t)n.certificates));
    json_object_set_new(o, "places", json_integer((json_int_t)n.places));
    json_object_set_new(o, "connections", json_integer((json_int_t)n.stays));
    if (*g->places.store.at.text) {
        json_object_set_new(o, "store", log_json_text(g->places.store.at.text));
        json_object_set_new(o, "store_up", json_boolean(atomic_load(&g->places.store.n_away) == 0));
    }
    return o;
}

static char *status_json(const struct status *st)
{
    const struct snapshot *s    = &st->snapshot;
    json_t                *o    = json_object();
    size_t                 open = 0;
    char                   text[24];
    for (unsigned i = 0; i < s->n; i++)
        open += s->part[i].open;
    json_object_set_new(o, "version", json_string(HF_VERSION));
    json_object_set_new(o, "time", json_string(when_text(log_now_ms() / 1000, text)));
    json_object_set_new(o, "started", json_string(when_text(st->started_ms / 1000, text)));
    json_object_set_new(o, "role", json_string(st->gate->set->role == HF_SERVER ? "server" : "client"));
    json_object_set_new(o, "listen", log_json_text(st->gate->listen.text));
    json_object_set_new(o, "target", log_json_text(st->gate->target.text));
    json_object_set_new(o, "open", json_integer((json_int_t)open));
    if (st->gate->places.table)
        json_object_set_new(o, "presence", presence_json(st->gate));
    add_all(o, s, "connections");
    add_all(o, s, "refusals");
    add_all(o, s, "sightings");
    char *body = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return body;
}

/* What r asked for, from the snapshot as it is now. */
static void prepare(const struct status *st, struct reader *r)
{
    if (!r->metrics) {
        r->body = status_json(st);
        r->n    = r->body ? strlen(r->body) : 0;
        return;
    }
    FILE *f = open_memstream(&r->body, &r->n);
    if (!f)
        return;
    metrics_print(f, st->gate, &st->snapshot, st->started_ms);
    fclose(f);
}

static enum MHD_Result answer(const struct status *st, struct reader *r)
{
    char *body = r->body;
    r->body    = NULL;
    if (st->stopped || !body)
        return say(r->conn, MHD_HTTP_SERVICE_UNAVAILABLE, "handfast is stopping, or has no memory.\n");
    return reply(r->conn, MHD_HTTP_OK, r->metrics ? "text/plain; version=0.0.4; charset=utf-8" : "application/json",
                 body, r->n, MHD_RESPMEM_MUST_FREE);
}

/* ---- questions ------------------------------------------------------------------------------------------- */

/* On loopback only names of loopback count: another one was made to point here by somebody else's DNS. */
static bool called_right(const struct status *st, struct MHD_Connection *c)
{
    static const char *const names[] = {"127.", "localhost", "[::1]"};
    const char              *host    = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    if (!st->local || st->at.is_unix || !host)
        return true;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(host, names[i], n) == 0 && (i == 0 || host[n] == '\0' || host[n] == ':'))
            return i > 0 || strspn(host, "0123456789.:") == strlen(host);
    }
    return false;
}

/* Nobody waits once the end has begun: the daemon must not be stopped with anybody waiting. */
static enum MHD_Result wait_for_snapshot(struct status *st, struct reader *r)
{
    if (st->stopped)
        return answer(st, r);
    r->waiting  = true;
    r->next     = st->waiting;
    st->waiting = r;
    MHD_suspend_connection(r->conn);
    snapshot_ask(&st->snapshot);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *n, void **mine)
{
    struct status *st = cls;
    struct reader *r  = *mine;
    if (!r) { /* the headers are there; the call comes again when there is no body to come */
        *mine = r = calloc(1, sizeof *r);
        if (r)
            r->conn = c;
        return r ? MHD_YES : MHD_NO;
    }
    if (r->waiting)
        return answer(st, r);
    if (*n > 0) { /* a body is not looked at */
        *n = 0;
        return MHD_YES;
    }
    if (!called_right(st, c))
        return say(c, MHD_HTTP_FORBIDDEN, "This address is called by 127.0.0.1, [::1] or localhost only.\n");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD: nothing can be changed here.\n");
    if (strcmp(url, "/") == 0)
        return reply(c, MHD_HTTP_OK, "text/html; charset=utf-8", st->page, st->page_n, MHD_RESPMEM_PERSISTENT);
    r->metrics = strcmp(url, "/metrics") == 0;
    if (r->metrics || strcmp(url, "/status") == 0)
        return wait_for_snapshot(st, r);
    return say(c, MHD_HTTP_NOT_FOUND, "There is /, /status and /metrics.\n");
}

static void on_over(void *cls, struct MHD_Connection *c, void **mine, enum MHD_RequestTerminationCode how)
{
    struct status *st = cls;
    for (struct reader **at = &st->waiting; *at; at = &(*at)->next)
        if (*at == *mine) {
            *at = (*at)->next;
            break;
        }
    if (*mine)
        free(((struct reader *)*mine)->body);
    free(*mine);
    *mine = NULL;
}

/* ---- the loop -------------------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *t);

static void turn(struct status *st)
{
    MHD_UNSIGNED_LONG_LONG ms;
    MHD_run(st->http);
    if (MHD_get_timeout(st->http, &ms) == MHD_YES)
        uv_timer_start(&st->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&st->timer);
}

static void on_timer(uv_timer_t *t)
{
    turn(t->data);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    turn(h->data);
}

static void resume_all(struct status *st)
{
    for (struct reader *r; (r = st->waiting);) {
        st->waiting = r->next;
        r->next     = NULL;
        if (!st->stopped)
            prepare(st, r);
        MHD_resume_connection(r->conn);
    }
}

static void close_all(struct status *st);

/* All parts are filled. */
static void on_ready(uv_async_t *h)
{
    struct status *st = h->data;
    if (st->stopped) {
        close_all(st);
        return;
    }
    resume_all(st);
    snapshot_drop(&st->snapshot);
    turn(st);
}

/* ---- start and end --------------------------------------------------------------------------------------- */

const char *status_check(const char *text)
{
    struct addr at;
    return addr_split(&at, text);
}

static bool listen_at(struct status *st, const char *text, struct report *rep)
{
    addr_split(&st->at, text);
    if (!st->at.is_unix && !st->at.host[0]) /* a port alone: loopback */
        text_add(st->at.host, sizeof st->at.host, 0, "127.0.0.1");
    if (!addr_resolve(&st->at, true, rep))
        return false;
    st->local = addr_is_local(&st->at);
    st->fd    = addr_listen(&st->at, 0, true, false, rep);
    return st->fd >= 0;
}

static bool start_http(struct status *st)
{
    st->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, st,
                                MHD_OPTION_LISTEN_SOCKET, st->fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)READERS_MAX,
                                MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)READER_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                (size_t)READER_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_over, st, MHD_OPTION_END);
    return st->http != NULL;
}

static void tell_status(const struct status *st)
{
    struct log_line l;
    char            here[ADDR_TEXT];
    addr_text_here(st->fd, here);
    log_begin(&l, st->local ? "info" : "warn", "status");
    log_say(&l, "status page, /status and /metrics on %s%s", here,
            st->local ? "" : ": whoever reaches this address sees who is connected");
    log_text(&l, "listen", here);
    log_end(&l);
}

static bool make_page(struct status *st)
{
    FILE *f = open_memstream(&st->page, &st->page_n);
    if (!f)
        return false;
    for (size_t i = 0; i < sizeof status_page / sizeof *status_page; i++)
        fputs(status_page[i], f);
    return fclose(f) == 0;
}

struct status *status_new(const char *text, struct report *rep)
{
    struct status *st = calloc(1, sizeof *st);
    if (!st) {
        cause_no_memory(rep);
        return NULL;
    }
    st->fd         = -1;
    st->started_ms = log_now_ms();
    if (listen_at(st, text, rep) && (!make_page(st) || !start_http(st)))
        cause_no_memory(rep);
    if (st->http)
        return st;
    status_free(st);
    return NULL;
}

void status_free(struct status *st)
{
    if (!st)
        return;
    if (st->http)
        MHD_stop_daemon(st->http); /* closes the socket too */
    else if (st->fd >= 0)
        close(st->fd);
    if (st->at.is_unix && st->fd >= 0)
        unlink(st->at.text + 5);
    free(st->snapshot.part);
    free(st->page);
    free(st);
}

void status_start(struct status *st, struct gate *g, uv_loop_t *loop)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(st->http, MHD_DAEMON_INFO_EPOLL_FD);
    st->gate                         = g;
    st->snapshot                     = (struct snapshot){.workers = g->workers, .n = g->n_workers, .ready = &st->ready};
    st->snapshot.part                = calloc(g->n_workers, sizeof *st->snapshot.part);
    if (!st->snapshot.part)
        abort(); /* nothing serves yet */
    uv_poll_init(loop, &st->poll, info->epoll_fd);
    uv_timer_init(loop, &st->timer);
    uv_async_init(loop, &st->ready, on_ready);
    st->poll.data = st->timer.data = st->ready.data = st;
    uv_poll_start(&st->poll, UV_READABLE, on_poll);
    tell_status(st);
}

static void on_closed(uv_handle_t *h)
{
    struct status *st = h->data;
    if (--st->closing > 0)
        return;
    snapshot_drop(&st->snapshot);
    status_free(st);
}

static void close_all(struct status *st)
{
    st->closing = 3;
    uv_close((uv_handle_t *)&st->poll, on_closed);
    uv_close((uv_handle_t *)&st->timer, on_closed);
    uv_close((uv_handle_t *)&st->ready, on_closed);
}

void status_stop(struct status *st)
{
    if (!st)
        return;
    st->stopped = true;
    resume_all(st);
    MHD_run(st->http); /* those who waited are told */
    uv_poll_stop(&st->poll);
    uv_timer_stop(&st->timer);
    if (snapshot_withdraw(&st->snapshot))
        close_all(st);
}
