/* SPDX-License-Identifier: Apache-2.0
 * places.c - see places.h. */
#include "prog/places.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/when.h"
#include "crypto/crypto.h"
#include "prog/cause.h"
#include "prog/log.h"
#include "prog/proxy.h"
#include "prog/proxy_in.h"

enum { IDENTITY_ROOM = 512 };

static const struct places *places_of(const struct proxy *p)
{
    return &gate_of(p)->places;
}

static struct places_here *here_of(const struct proxy *p)
{
    return &p->worker->places;
}

/* ---- start and end --------------------------------------------------------------------------------------- */

static bool store_init_shared(struct places *pl, const struct store_set *s, struct report *rep)
{
    struct lease_shared *sh = &pl->store;
    store_set_at(s, &sh->at);
    if (!*sh->at.text)
        return true;
    sh->ttl_ms    = s->ttl_ms > 0 ? s->ttl_ms : STORE_TTL_MS;
    sh->fail_open = s->when_away == AWAY_FAIL_OPEN;
    return addr_resolve(&sh->at.at, false, rep);
}

bool places_init(struct places *pl, const struct place_set *s, const struct store_set *store, bool rules,
                 struct report *rep)
{
    place_set_rule(s, &pl->rule);
    pl->by_identity = s->same_by == SAME_BY_IDENTITY;
    pl->grace_ms    = s->grace_ms > 0 ? s->grace_ms : 0;
    pl->given       = s->one_place != NULL;
    if (!pl->given && !rules)
        return true;
    pl->table = presence_new(LIMIT_PRESENT);
    return (pl->table || no_memory(rep, LIMIT_PRESENT)) && store_init_shared(pl, store, rep);
}

void places_free(struct places *pl)
{
    presence_free(pl->table);
}

static void wake(void *worker)
{
    struct worker *w = worker;
    uv_async_send(&w->wake);
}

void places_start(struct worker *w)
{
    presence_home_init(&w->places.home, wake, w);
    uv_timer_init(&w->loop, &w->places.again);
    w->places.again.data = w;
    if (*w->gate->places.store.at.text)
        leases_init(&w->places.leases, &w->gate->places.store, &w->loop, &w->tally);
}

void places_stop(struct worker *w)
{
    uv_close((uv_handle_t *)&w->places.again, NULL);
    leases_stop(&w->places.leases);
}

/* ---- who and where --------------------------------------------------------------------------------------- */

static struct whence whence_of(const struct proxy *p)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 2.5.5.2 */
    struct whence        w          = {0};
    union sock_addr      at         = {0};
    memcpy(&at, &p->from.at, sizeof p->from.at);
    hf_view ip = addr_ip(&at);
    if (ip.n == 16 && memcmp(ip.p, mapped, sizeof mapped) == 0)
        ip = (hf_view){ip.p + sizeof mapped, 4};
    w.family = ip.n == 4 ? 4 : ip.n == 16 ? 6 : 0;
    if (ip.n) {
        memcpy(w.ip, ip.p, ip.n);
        w.port = ntohs(p->from.at.v6.sin6_port); /* where IPv4 has it too */
    }
    return w;
}

/* By identity: the canonical name; one that is longer than what is kept of it is known by its key instead. */
static void key_of(const struct proxy *p, uint8_t out[PRESENCE_KEY])
{
    const hf_peer *peer = hf_conn_peer(p->conn);
    const char    *name = hf_peer_name(peer);
    size_t         n    = strlen(name);
    if (places_of(p)->by_identity && n + 4 < IDENTITY_ROOM)
        hash_once(HASH_SHA256, (hf_view){(const uint8_t *)name, n}, out);
    else
        hf_peer_spki_sha256(peer, out);
}

/* An open connection whose network is broken is given up by the system within the grace, whether data waits or not. */
static void probe(const struct proxy *p)
{
    int64_t  grace   = places_of(p)->grace_ms;
    unsigned give_up = (unsigned)(grace - grace / 4);
    int      idle = grace >= 8000 ? (int)(grace / 4000) : 1, every = idle, fd = p->tls.fd;
    if (grace == 0 || p->from.len == 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up, sizeof give_up);
}

/* ---- the log --------------------------------------------------------------------------------------------- */

static void remember(const struct proxy *p, const struct sighting *s, enum sighted how)
{
    struct tally *t = &p->worker->tally;
    tally_add(&t->sightings[how], 1);
    *recent_sighting(&t->recent) = *s;
}

/* One certificate was seen at two places at once. */
static void tell_sighting(const struct proxy *p, const struct presence_found *f, bool admitted)
{
    static const char *const verdict[] = {"admitted", "replaces", "refused"};
    static const char *const words[]   = {"comes in too", "takes its place", "is refused"};
    const struct place_rule *rule      = &p->seat.rule;
    const hf_peer           *peer      = hf_conn_peer(p->conn);
    enum sighted  how = !admitted ? SIGHTED_REFUSED : rule->mode == PLACE_REPLACE ? SIGHTED_REPLACES : SIGHTED_ADMITTED;
    struct whence from = whence_of(p);
    struct sighting s  = {.at_ms = log_now_ms(), .verdict = verdict[how]};
    struct log_line l;
    uint8_t         digest[32];
    char            here[WHENCE_TEXT];
    text_add(s.who, sizeof s.who, 0, "%s", hf_peer_name(peer));
    text_add(s.from, sizeof s.from, 0, "%s", whence_text(&from, here));
    text_add(s.held_from, sizeof s.held_from, 0, "%s", f->holder);
    when_text(f->holder_since_ms / 1000, s.held_since);
    hf_peer_sha256(peer, digest);
    text_hex(s.sha256, sizeof s.sha256, digest, sizeof digest, 0);
    remember(p, &s, how);
    log_begin(&l, "warn", "sighting");
    log_say(&l, "%s is in two places at once: %s since %s, and now %s, which %s", s.who, s.held_from, s.held_since,
            s.from, words[how]);
    log_text(&l, "verdict", s.verdict);
    log_text(&l, "one_place", place_mode_text(rule));
    log_text(&l, "peer", s.who);
    log_text(&l, "from", s.from);
    log_text(&l, "held_from", s.held_from);
    log_text(&l, "held_since", s.held_since);
    log_num(&l, "places", f->others + 1);
    log_text(&l, hf_peer_leaf(peer).n ? "sha256" : "spki_sha256", s.sha256);
    log_end(&l);
}

/* ---- asking ---------------------------------------------------------------------------------------------- */

static void on_again(uv_timer_t *t);

static void wait_on(struct proxy *p)
{
    struct places_here *here = here_of(p);
    p->seat.next             = here->waiting;
    p->seat.at               = &here->waiting;
    if (p->seat.next)
        p->seat.next->seat.at = &p->seat.next;
    here->waiting = p;
    if (!uv_is_active((uv_handle_t *)&here->again))
        uv_timer_start(&here->again, on_again, PLACES_ASK_AGAIN_MS, PLACES_ASK_AGAIN_MS);
}

static void wait_no_more(struct proxy *p)
{
    if (!p->seat.at)
        return;
    *p->seat.at = p->seat.next;
    if (p->seat.next)
        p->seat.next->seat.at = p->seat.at;
    p->seat.at = NULL;
}

/* The last word on a newcomer. */
static void settle(struct proxy *p, bool in, const struct presence_found *f, const struct report *rep)
{
    if (!in && rep->why.check == HF_CHK_IDENTITY_IN_USE && log_now_ms() < p->seat.until_ms) {
        wait_on(p);
        return;
    }
    if (f->others > 0 && f->new_place)
        tell_sighting(p, f, in);
    if (in)
        probe(p);
    admission_answer(p, in, rep->why.check, rep->why.text);
}

/* Nothing speaks against it elsewhere; and here? What was found elsewhere is told if nothing is found here. */
static void decide(struct proxy *p, const struct presence_found *elsewhere)
{
    const struct places  *pl   = places_of(p);
    struct whence         from = whence_of(p);
    struct presence_found found;
    struct report         rep;
    report_init(&rep);
    bool in = presence_enter(pl->table, &p->seat.rule, p->seat.key, &p->seat.stay, &here_of(p)->home, &from,
                             log_now_ms(), &found, &rep);
    if (!in)
        lease_leave(p);
    settle(p, in, found.others || !elsewhere ? &found : elsewhere, &rep);
}

void places_leased(struct proxy *p, enum lease_answer a, const struct presence_found *f)
{
    const struct lease_shared *sh = &places_of(p)->store;
    struct report              rep;
    report_init(&rep);
    if (a == LEASE_HELD || (a == LEASE_AWAY && (sh->fail_open || p->seat.rule.mode == PLACE_OBSERVE))) {
        decide(p, f);
        return;
    }
    if (a == LEASE_REFUSED)
        presence_in_use(f, p->seat.rule.limit, &rep);
    else
        cause_store_away(&rep, sh->at.text);
    settle(p, false, f, &rep);
}

static void ask(struct proxy *p)
{
    struct whence from = whence_of(p);
    if (here_of(p)->leases.in_use)
        lease_ask(p, &from);
    else
        decide(p, NULL);
}

static void on_again(uv_timer_t *t)
{
    struct worker *w   = t->data;
    struct proxy  *all = w->places.waiting;
    w->places.waiting  = NULL;
    if (all)
        all->seat.at = &all;
    while (all) {
        struct proxy *p = all;
        wait_no_more(p);
        ask(p);
    }
    if (!w->places.waiting)
        uv_timer_stop(t);
}

/* What holds for it: its rule's own word about places, else the command line's. False: nobody looks. */
static bool rule_of(const struct proxy *p, struct place_rule *out)
{
    const struct places *pl   = places_of(p);
    const char          *note = p->admission.note;
    *out                      = pl->rule;
    if (!pl->table || !hf_conn_peer(p->conn))
        return false;
    return (note && *note && !place_note_read(note, out)) || pl->given;
}

void places_ask(struct proxy *p)
{
    if (!rule_of(p, &p->seat.rule)) {
        admission_answer(p, true, 0, NULL);
        return;
    }
    key_of(p, p->seat.key);
    p->seat.until_ms = log_now_ms() + places_of(p)->grace_ms;
    ask(p);
}

static bool same_rule(const struct place_rule *a, const struct place_rule *b)
{
    return a->mode == b->mode && a->kind == b->kind && a->limit == b->limit && a->bits4 == b->bits4 &&
           a->bits6 == b->bits6;
}

bool places_again(struct proxy *p, hf_why *why)
{
    struct place_rule     rule;
    struct presence_found found;
    struct report         rep;
    struct whence         from  = whence_of(p);
    bool                  asked = rule_of(p, &rule);
    if (!asked || same_rule(&rule, &p->seat.rule)) {
        if (!asked)
            places_leave(p);
        return true;
    }
    presence_leave(&p->seat.stay);
    p->seat.rule = rule;
    key_of(p, p->seat.key);
    report_init(&rep);
    if (presence_enter(places_of(p)->table, &rule, p->seat.key, &p->seat.stay, &here_of(p)->home, &from, p->began_ms,
                       &found, &rep))
        return true;
    *why = rep.why;
    return false;
}

void places_leave(struct proxy *p)
{
    wait_no_more(p);
    lease_leave(p);
    presence_leave(&p->seat.stay);
}

bool places_over(struct proxy *p)
{
    struct report rep;
    if (!lease_is_over(p))
        return false;
    cause_lease_over(&rep, places_of(p)->store.at.text);
    proxy_see_out(p, &rep.why);
    return true;
}

/* ---- those who lost their place -------------------------------------------------------------------------- */

static struct proxy *proxy_of(struct stay *s)
{
    return (struct proxy *)(void *)((char *)s - offsetof(struct proxy, seat.stay));
}

void places_turn_out(struct worker *w)
{
    for (struct stay *s; (s = presence_ousted(&w->places.home));) {
        struct report rep;
        char          by[WHENCE_TEXT];
        cause_superseded(&rep, whence_text(&s->by, by));
        proxy_see_out(proxy_of(s), &rep.why);
    }
}
