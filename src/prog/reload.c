/* SPDX-License-Identifier: Apache-2.0
 *
 * reload.c - see reload.h.
 *
 *   1. A change is seen by what the file system says of the files (device, inode, size, time of change); nothing is
 *      read while nothing has changed.
 *   2. The new files are loaded and judged as at the start, as a whole. Only when all is well do they take the place of
 *      the old ones; else the old ones stay in force and the log says what is wrong. Nothing is lost by a mistake.
 *   3. New connections are judged by the new files, and those that are open are judged again (again.c).
 */
#include "prog/reload.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "crypto/crypto.h"
#include "prog/log.h"

enum { RELOAD_MS = 2000 };

/* ---- have they changed ---------------------------------------------------------------------------------- */

static void add_file(struct hash *h, const char *file)
{
    struct stat s       = {0};
    int64_t     look[6] = {0};
    if (file && stat(file, &s) == 0) {
        const int64_t at[6] = {(int64_t)s.st_dev, (int64_t)s.st_ino, s.st_size,
                               s.st_mtim.tv_sec,  s.st_mtim.tv_nsec, s.st_ctim.tv_nsec};
        memcpy(look, at, sizeof look);
    }
    hash_update(h, look, sizeof look);
}

static void add_path(struct hash *h, const char *path)
{
    struct mem    m = {0};
    struct report rep;
    size_t        n = 0;
    report_init(&rep);
    add_file(h, path);
    char **files = is_folder(path) ? folder_files(path, &n, &m, &rep) : NULL;
    for (size_t i = 0; i < n; i++)
        add_file(h, files[i]);
    mem_free(&m, files);
}

static void add_list(struct hash *h, const struct opt_list *l)
{
    for (unsigned i = 0; i < l->n; i++)
        add_path(h, l->v[i]);
}

static void look(const struct settings *s, uint8_t out[32])
{
    struct hash h;
    hash_init(&h, HASH_SHA256);
    for (unsigned i = 0; i < s->n_creds; i++) {
        add_file(&h, s->creds[i].chain);
        add_file(&h, s->creds[i].key);
        add_file(&h, s->creds[i].staple);
    }
    add_list(&h, &s->cacerts);
    add_list(&h, &s->pins);
    add_list(&h, &s->pin_keys);
    add_list(&h, &s->crls);
    add_file(&h, s->ca_names);
    add_file(&h, s->rules.file);
    add_file(&h, s->ticket_keys);
    hash_final(&h, out);
}

/* ---- what follows from it ------------------------------------------------------------------------------- */

static void renew(struct reload *r)
{
    hf_why     why;
    char       text[1024];
    hf_config *cfg   = settings_config(r->gate->set, r->gate->set->diary, &why);
    hf_rules  *rules = cfg ? settings_rules(r->gate->set, &why) : NULL;
    if (rules) {
        gate_change(r->gate, cfg, rules);
        log_note("info", "reloaded", "the files have changed: new connections are judged by them, and open ones again");
        return;
    }
    hf_config_free(cfg);
    hf_why_text(&why, text, sizeof text);
    log_note("error", "reload", "the files have changed and cannot be used, so the old ones stay in force: %s", text);
}

static void on_look(uv_timer_t *t)
{
    struct reload *r = t->data;
    uint8_t        now[32];
    look(r->gate->set, now);
    if (memcmp(now, r->seen, sizeof now) == 0)
        return;
    memcpy(r->seen, now, sizeof now);
    renew(r);
}

static void on_hup(uv_signal_t *h, int signum)
{
    struct reload *r = h->data;
    look(r->gate->set, r->seen);
    renew(r);
}

void reload_start(struct reload *r, struct gate *g, uv_loop_t *loop)
{
    r->gate = g;
    look(g->set, r->seen);
    uv_timer_init(loop, &r->timer);
    uv_signal_init(loop, &r->hup);
    r->timer.data = r->hup.data = r;
    uv_timer_start(&r->timer, on_look, RELOAD_MS, RELOAD_MS);
    uv_signal_start(&r->hup, on_hup, SIGHUP);
}

void reload_stop(struct reload *r)
{
    uv_close((uv_handle_t *)&r->timer, NULL);
    uv_close((uv_handle_t *)&r->hup, NULL);
}
