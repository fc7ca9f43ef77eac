/* SPDX-License-Identifier: Apache-2.0
 * snapshot.c - see snapshot.h. What peers wrote was made printable when it was read; what is not UTF-8 all the same is
 * shown escaped (log_json_text). */
#include "prog/snapshot.h"

#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/proxy_in.h"

enum { RAW_TEXT = 320 };

static void put(json_t *o, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(o, name, log_json_text(text));
}

/* Bytes that a peer sent, such as the name it asked for. */
static void put_raw(json_t *o, const char *name, const char *raw)
{
    char safe[RAW_TEXT];
    if (!raw)
        return;
    text_printable(safe, sizeof safe, raw, strlen(raw));
    put(o, name, safe);
}

static void put_time(json_t *o, const char *name, int64_t ms)
{
    char text[24];
    put(o, name, when_text(ms / 1000, text));
}

static void put_hex(json_t *o, const char *name, const uint8_t *p, size_t n)
{
    char hex[160];
    text_hex(hex, sizeof hex, p, n, 0);
    put(o, name, hex);
}

static void put_peer(json_t *o, const hf_peer *p)
{
    uint8_t digest[32];
    put(o, "peer", hf_peer_name(p));
    if (!hf_peer_leaf(p).n) { /* a raw public key has nothing else */
        hf_peer_spki_sha256(p, digest);
        put_hex(o, "spki_sha256", digest, sizeof digest);
        return;
    }
    put(o, "subject", hf_peer_subject(p));
    put(o, "issuer", hf_peer_issuer(p));
    hf_view serial = hf_peer_serial(p);
    put_hex(o, "serial", serial.p, serial.n);
    hf_peer_sha256(p, digest);
    put_hex(o, "sha256", digest, sizeof digest);
    put_time(o, "not_after", hf_peer_not_after(p) * 1000);
}

static const char *stage_name(const struct proxy *p)
{
    if (p->admission.state == ADMISSION_ASKED)
        return "waiting";
    return p->stage == HANDSHAKE  ? "handshake"
           : p->stage == REACHING ? "reaching"
           : p->stage == OPEN     ? "open"
                                  : "parting";
}

static json_t *connection(const struct proxy *p)
{
    json_t *o = json_object();
    char    from[ADDR_TEXT];
    put(o, "from", proxy_from(p, from));
    put_time(o, "since", p->began_ms);
    put(o, "stage", stage_name(p));
    json_object_set_new(o, "bytes_in", json_integer((json_int_t)p->bytes_in));
    json_object_set_new(o, "bytes_out", json_integer((json_int_t)p->bytes_out));
    put(o, "rule", p->admission.rule);
    if (!p->conn || p->stage == HANDSHAKE)
        return o;
    put(o, "version", hf_code_name('v', hf_conn_version(p->conn)));
    put_raw(o, "server_name", hf_conn_server_name(p->conn));
    put_raw(o, "alpn", hf_conn_alpn(p->conn));
    if (hf_conn_peer(p->conn))
        put_peer(o, hf_conn_peer(p->conn));
    return o;
}

static json_t *connections(const struct worker *w, struct snapshot_part *part)
{
    json_t *list = json_array();
    for (const struct proxy *p = w->first; p; p = proxy_next(p)) {
        const hf_peer *peer = p->conn ? hf_conn_peer(p->conn) : NULL;
        int64_t        ends = peer ? hf_peer_not_after(peer) : 0;
        if (ends && (!part->soonest_expiry || ends < part->soonest_expiry))
            part->soonest_expiry = ends;
        if (part->open++ < SNAPSHOT_CONNECTIONS)
            json_array_append_new(list, connection(p));
    }
    return list;
}

static json_t *refusals(const struct recent *r)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < RECENT_MAX && i < r->n_refusals; i++) {
        const struct refusal *f = &r->refusal[i];
        json_t               *o = json_object();
        put_time(o, "time", f->at_ms);
        put(o, "outcome", f->outcome);
        put(o, "from", f->from);
        put(o, "who", f->who);
        put(o, "reason", f->reason);
        put(o, "check", f->check);
        put(o, "why", f->why);
        put(o, "fix", f->fix);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *sightings(const struct recent *r)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < RECENT_MAX && i < r->n_sightings; i++) {
        const struct sighting *f = &r->sighting[i];
        json_t                *o = json_object();
        put_time(o, "time", f->at_ms);
        put(o, "verdict", f->verdict);
        put(o, "peer", f->who);
        put(o, "sha256", f->sha256);
        put(o, "from", f->from);
        put(o, "held_from", f->held_from);
        put(o, "held_since", f->held_since);
        json_array_append_new(list, o);
    }
    return list;
}

void snapshot_answer(struct worker *w)
{
    struct snapshot *s = atomic_exchange(&w->snapshot, NULL);
    if (!s)
        return;
    struct snapshot_part *part = &s->part[w - s->workers];
    *part                      = (struct snapshot_part){.json = json_object()};
    json_object_set_new(part->json, "connections", connections(w, part));
    json_object_set_new(part->json, "refusals", refusals(&w->tally.recent));
    json_object_set_new(part->json, "sightings", sightings(&w->tally.recent));
    if (atomic_fetch_sub(&s->left, 1) == 1)
        uv_async_send(s->ready);
}

void snapshot_ask(struct snapshot *s)
{
    if (s->asked)
        return;
    s->asked = true;
    atomic_store(&s->left, s->n);
    for (unsigned i = 0; i < s->n; i++) {
        atomic_store(&s->workers[i].snapshot, s);
        worker_wake(&s->workers[i]);
    }
}

bool snapshot_withdraw(struct snapshot *s)
{
    bool last = !s->asked;
    for (unsigned i = 0; i < s->n; i++)
        if (atomic_exchange(&s->workers[i].snapshot, NULL))
            last |= atomic_fetch_sub(&s->left, 1) == 1;
    return last;
}

void snapshot_drop(struct snapshot *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        json_decref(s->part[i].json);
        s->part[i].json = NULL;
    }
    s->asked = false;
}
