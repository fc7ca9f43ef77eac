/* SPDX-License-Identifier: Apache-2.0
 *
 * loop.c - start, listening, and the orderly stop. The main thread waits for signals, and looks whether the files have
 * changed (reload.c):
 *
 *   first SIGTERM or SIGINT   listeners are closed, connections may finish until --shutdown-timeout
 *   second one, or the time   connections are cut and told as "stopped"
 */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "prog/commands.h"
#include "prog/diary.h"
#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/reload.h"
#include "prog/status.h"

enum { ACCEPT_BURST = 64, REST_MS = 100 };

struct main_loop {
    uv_loop_t      loop;
    uv_signal_t    term, interrupt;
    struct reload  reload;
    struct status *status; /* NULL: none, or none any more */
    uv_async_t     done;
    atomic_uint    n_done;
    unsigned       n_workers;
    int            order;
    struct worker *workers;
};

/* ---- a worker ------------------------------------------------------------------------------------------ */

static void on_listener(uv_poll_t *h, int status, int events);

static void listeners_start(struct worker *w)
{
    for (unsigned i = 0; i < w->n_listeners; i++)
        uv_poll_start(&w->listeners[i].poll, UV_READABLE, on_listener);
}

static void on_rested(uv_timer_t *t)
{
    listeners_start(t->data);
}

/* No descriptor is left: the queue of the kernel holds the newcomers for a moment. */
static void rest(struct worker *w, int error)
{
    if (!w->starving)
        log_note("error", "accept", "no connection can be accepted for now: %s; raise the limit of open files",
                 strerror(error));
    w->starving = true;
    for (unsigned i = 0; i < w->n_listeners; i++)
        uv_poll_stop(&w->listeners[i].poll);
    uv_timer_start(&w->timer, on_rested, REST_MS, 0);
}

static void on_listener(uv_poll_t *h, int status, int events)
{
    struct listener *l = h->data;
    for (int i = 0; i < ACCEPT_BURST; i++) {
        union sock_addr from = {0};
        socklen_t       len  = sizeof from;
        int             fd   = accept4(l->fd, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->worker->starving = false;
            proxy_new(l->worker, fd, &from, len);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            rest(l->worker, errno);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED)
            return; /* nobody waits any more */
    }
}

static void on_deadline(uv_timer_t *t)
{
    struct worker *w = t->data;
    for (struct proxy *p = w->first, *next; p; p = next) {
        next = proxy_next(p);
        proxy_cut(p);
    }
}

static void on_listener_closed(uv_handle_t *h)
{
    struct listener *l = h->data;
    close(l->fd);
}

static void worker_finish(struct worker *w)
{
    w->finishing = true;
    for (unsigned i = 0; i < w->n_listeners; i++)
        uv_close((uv_handle_t *)&w->listeners[i].poll, on_listener_closed);
    uv_timer_start(&w->timer, on_deadline, (uint64_t)w->gate->set->shutdown_ms, 0);
}

/* Finishing, and nothing left to do: without handles the loop ends. */
static void worker_maybe_end(struct worker *w)
{
    if (!w->finishing || w->n_proxies > 0 || uv_is_closing((uv_handle_t *)&w->wake))
        return;
    pthread_mutex_lock(&w->gate->change);
    w->deaf = true;
    uv_close((uv_handle_t *)&w->wake, NULL);
    pthread_mutex_unlock(&w->gate->change);
    uv_close((uv_handle_t *)&w->timer, NULL);
    again_stop(w);
    places_stop(w);
}

void worker_wake(struct worker *w)
{
    pthread_mutex_lock(&w->gate->change);
    if (!w->deaf)
        uv_async_send(&w->wake);
    pthread_mutex_unlock(&w->gate->change);
}

void worker_less(struct worker *w)
{
    w->n_proxies--;
    worker_maybe_end(w);
}

static void on_wake(uv_async_t *h)
{
    struct worker *w     = h->data;
    int            order = atomic_load(&w->order);
    places_turn_out(w);
    snapshot_answer(w);
    if (order >= ORDER_FINISH && !w->finishing)
        worker_finish(w);
    if (order == ORDER_CUT)
        on_deadline(&w->timer);
    again_changed(w);
    worker_maybe_end(w);
}

static void *worker_run(void *arg)
{
    struct worker *w = arg;
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    sessions_free(&w->sessions);
    atomic_fetch_add(&w->main->n_done, 1);
    uv_async_send(&w->main->done);
    return NULL;
}

static void worker_init(struct worker *w, struct main_loop *m, struct gate *g)
{
    w->main = m;
    w->gate = g;
    atomic_init(&w->order, ORDER_SERVE);
    uv_loop_init(&w->loop);
    uv_async_init(&w->loop, &w->wake, on_wake);
    uv_timer_init(&w->loop, &w->timer);
    w->wake.data = w->timer.data = w;
    again_init(w);
    places_start(w);
    for (unsigned i = 0; i < w->n_listeners; i++) {
        struct listener *l = &w->listeners[i];
        uv_poll_init(&w->loop, &l->poll, l->fd);
        l->worker    = w;
        l->poll.data = l;
    }
    listeners_start(w);
}

/* ---- the main thread ----------------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *h, int signum)
{
    struct main_loop *m = h->data;
    m->order            = m->order == ORDER_SERVE ? ORDER_FINISH : ORDER_CUT;
    log_note("info", "stopping",
             m->order == ORDER_FINISH ? "stopping: no new connections; a second signal ends those that are open"
                                      : "stopping at once: open connections are cut");
    status_stop(m->status);
    m->status = NULL;
    for (unsigned i = 0; i < m->n_workers; i++) {
        atomic_store(&m->workers[i].order, m->order);
        worker_wake(&m->workers[i]);
    }
}

static void on_done(uv_async_t *h)
{
    struct main_loop *m = h->data;
    if (atomic_load(&m->n_done) < m->n_workers || uv_is_closing((uv_handle_t *)h))
        return;
    uv_close((uv_handle_t *)&m->term, NULL);
    uv_close((uv_handle_t *)&m->interrupt, NULL);
    uv_close((uv_handle_t *)&m->done, NULL);
    reload_stop(&m->reload);
}

static void main_init(struct main_loop *m, struct gate *g)
{
    uv_loop_init(&m->loop);
    uv_async_init(&m->loop, &m->done, on_done);
    uv_signal_init(&m->loop, &m->term);
    uv_signal_init(&m->loop, &m->interrupt);
    m->done.data = m->term.data = m->interrupt.data = m;
    uv_signal_start(&m->term, on_signal, SIGTERM);
    uv_signal_start(&m->interrupt, on_signal, SIGINT);
    reload_start(&m->reload, g, &m->loop);
}

static void run(struct main_loop *m)
{
    sigset_t all, was;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &was); /* signals are the main thread's */
    for (unsigned i = 0; i < m->n_workers; i++)
        if (pthread_create(&m->workers[i].thread, NULL, worker_run, &m->workers[i]) != 0)
            abort(); /* no memory for a stack: nothing serves yet */
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    uv_run(&m->loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < m->n_workers; i++)
        pthread_join(m->workers[i].thread, NULL);
    uv_loop_close(&m->loop);
}

/* ---- the configuration in force -------------------------------------------------------------------------- */

hf_config *gate_config(struct gate *g)
{
    pthread_mutex_lock(&g->change);
    hf_config *cfg = hf_config_ref(g->cfg);
    pthread_mutex_unlock(&g->change);
    return cfg;
}

hf_rules *gate_rules(struct gate *g)
{
    pthread_mutex_lock(&g->change);
    hf_rules *rules = hf_rules_ref(g->rules);
    pthread_mutex_unlock(&g->change);
    return rules;
}

void gate_change(struct gate *g, hf_config *take, hf_rules *take_rules)
{
    pthread_mutex_lock(&g->change);
    hf_config *old       = g->cfg;
    hf_rules  *old_rules = g->rules;
    g->cfg               = take;
    g->rules             = take_rules;
    atomic_fetch_add(&g->changes, 1);
    pthread_mutex_unlock(&g->change);
    for (unsigned i = 0; i < g->n_workers; i++)
        worker_wake(&g->workers[i]);
    hf_config_free(old);
    hf_rules_free(old_rules);
}

/* ---- start --------------------------------------------------------------------------------------------- */

static bool listen_all(struct gate *g, struct worker *workers, unsigned n, struct report *rep)
{
    for (unsigned k = 0; k < n; k++) {
        struct worker *w = &workers[k];
        for (unsigned i = 0; i < g->listen.n; i++) {
            int fd = g->listen.is_unix && k > 0 ? fcntl(workers[0].listeners[i].fd, F_DUPFD_CLOEXEC, 0)
                                                : addr_listen(&g->listen, i, k == 0, n > 1, rep);
            if (fd < 0)
                return false;
            w->listeners[w->n_listeners++].fd = fd;
        }
    }
    return true;
}

static void raise_open_files(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static void warn_about(const struct gate *g)
{
    const struct settings *s = g->set;
    if (s->keylog)
        log_note("warn", "keylog",
                 "the secrets of all connections are written to %s: whoever reads it reads everything", s->keylog);
    if (s->role == HF_SERVER && s->disable_auth)
        log_note("warn", "open", "no client is asked for a certificate (--disable-authentication)");
    if (s->role == HF_SERVER && !addr_is_local(&g->target))
        log_note("warn", "plain", "what clients send leaves this host in plain text, to %s", g->target.text);
    if (s->role == HF_CLIENT && !addr_is_local(&g->listen))
        log_note("warn", "plain", "whoever reaches %s speaks with our certificate, and in plain text", g->listen.text);
}

static void tell_listening(const struct gate *g, const struct worker *w, unsigned n_workers)
{
    struct log_line l;
    char            here[ADDR_TEXT];
    log_begin(&l, "info", "listening");
    addr_text_here(w->listeners[0].fd, here);
    log_say(&l, "%s on %s for %s", g->set->role == HF_SERVER ? "serving TLS" : "waiting for local programs", here,
            g->target.text);
    for (unsigned i = 0; i < w->n_listeners; i++)
        log_more(&l, "listen", addr_text_here(w->listeners[i].fd, here));
    log_text(&l, "target", g->target.text);
    log_num(&l, "threads", n_workers);
    log_num(&l, "pid", getpid());
    log_end(&l);
}

static bool gate_init(struct gate *g, struct worker *workers, unsigned n, hf_why *why)
{
    struct report rep;
    report_init(&rep);
    bool ok      = addr_resolve(&g->listen, true, &rep) && addr_resolve(&g->target, false, &rep);
    g->keylog_fd = ok ? settings_keylog(g->set, &rep) : -1;
    ok           = !report_bad(&rep) && (!g->set->diary || diary_open(g->set->diary, g->set->diary_keep, &rep));
    if (ok) {
        g->cfg   = settings_config(g->set, g->set->diary, why);
        g->rules = g->cfg ? settings_rules(g->set, why) : NULL;
        if (!g->rules)
            return false;
        ok = places_init(&g->places, &g->set->places, &g->set->store, g->set->rules.file != NULL, &rep) &&
             listen_all(g, workers, n, &rep) && (!g->set->status || (g->status = status_new(g->set->status, &rep)));
    }
    *why = rep.why;
    return ok;
}

static bool addresses(struct gate *g, const struct command *c)
{
    const struct settings *s   = g->set;
    const char            *bad = NULL;
    if (!s->listen || !s->target)
        return opt_complain(c, "%s is missing.", s->listen ? "--target ADDR" : "--listen ADDR");
    if ((bad = addr_split(&g->listen, s->listen)))
        return opt_complain(c, "--listen %s: %s.", s->listen, bad);
    if ((bad = addr_split(&g->target, s->target)) ||
        (!g->target.is_unix && !g->target.host[0] && (bad = "name a host")))
        return opt_complain(c, "--target %s: %s.", s->target, bad);
    g->server_name = settings_server_name(s, g->target.host);
    if (s->role == HF_CLIENT && !g->server_name && s->pins.n + s->pin_keys.n == 0 && !rules_any(&s->rules))
        return opt_complain(
            c, "--target %s names no host: say with --server-name whom the server's certificate must name.", s->target);
    return true;
}

static void gate_free(struct gate *g)
{
    places_free(&g->places);
    hf_config_free(g->cfg);
    hf_rules_free(g->rules);
    hf_tickets_free(g->set->tickets);
    if (g->keylog_fd >= 0)
        close(g->keylog_fd);
}

int gate_main(struct settings *s, const struct command *c)
{
    struct gate    g = {.set = s, .keylog_fd = -1, .change = PTHREAD_MUTEX_INITIALIZER};
    hf_why         why;
    unsigned       n       = s->threads ? s->threads : uv_available_parallelism();
    struct worker *workers = calloc(n, sizeof *workers);
    if (!workers || !addresses(&g, c) || !settings_check(s, c)) {
        free(workers);
        return EXIT_WRONG;
    }
    if (s->role == HF_SERVER && !s->no_tickets && !s->ticket_keys)
        s->tickets = hf_tickets_new(NULL, 0);
    raise_open_files();
    log_open(s->log ? (enum log_format)s->log : LOG_TEXT);
    if (!gate_init(&g, workers, n, &why)) {
        fprintf(stderr, "handfast %s: ", c->name);
        hf_why_print(&why, stderr);
        status_free(g.status);
        gate_free(&g);
        free(workers);
        return EXIT_WRONG;
    }
    struct main_loop m = {.n_workers = n, .workers = workers};
    g.workers          = workers;
    g.n_workers        = n;
    main_init(&m, &g);
    for (unsigned i = 0; i < n; i++)
        worker_init(&workers[i], &m, &g);
    warn_about(&g);
    tell_listening(&g, &workers[0], n);
    if ((m.status = g.status))
        status_start(m.status, &g, &m.loop);
    run(&m);
    if (g.listen.is_unix)
        unlink(g.listen.text + 5);
    log_note("info", "stopped", "stopped");
    gate_free(&g);
    free(workers);
    return EXIT_OK;
}
