/* SPDX-License-Identifier: Apache-2.0
 *
 * trust.c - anchors, pins and hints, kept apart (RFC 5280 6.1.1 (d); RFC 9846 4.3.4).
 *
 *   1. An anchor is a CA certificate: basicConstraints says so, and keyUsage, if there, lets it sign
 *      certificates. Self-signed or not does not matter. Anything else in an anchor file is an error with
 *      its file, index and subject: it would vouch for nobody, and its owner believes that it does.
 *   2. Each anchor is one block of memory: struct anchor, then its DER. It never moves, so views into it
 *      live as long as the trust.
 *   3. The same certificate twice is one anchor. Two indexes, by the fold of the subject (dn_hash) and by
 *      subjectKeyIdentifier, make every look-up independent of the number of anchors.
 *   4. A pin is the SHA-256 of a whole certificate and nothing else. Pinned raw keys (key_pins.c) are kept apart: a
 *      certificate is never accepted for its key alone.
 *   5. The first error stays (hf_trust_why); later files are still read, so that good ones are usable by
 *      whoever explains what is wrong.
 */
#include "trust.h"

#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/pem.h"
#include "base/text.h"
#include "crl_set.h"
#include "crypto/what.h"
#include "key_pins.h"

struct pin {
    uint8_t sha256[32];
};

struct hf_trust {
    struct mem      mem;
    struct report   rep;
    struct anchor **anchors;
    size_t          n_anchors, room_anchors;
    struct map      by_name, by_key_id, by_pin;
    struct pin     *pins;
    size_t          n_pins, room_pins;
    char          **files;
    size_t          n_files, room_files;
    hf_view        *subjects; /* of the anchors, each name once */
    size_t          n_subjects, room_subjects;
    enum hf_hints   mode;
    hf_view        *listed; /* the caller's names; one block, the names behind the array */
    size_t          n_listed;
    struct crl_set  crls;
    struct key_pins keys;
    bool            keys_first;
};

/* A file being read: what it is called, what to do with its certificates, what else stood in it. */
struct source {
    const char *called;
    bool        pins;
    unsigned    n;     /* certificates so far */
    enum what   other; /* what stood in it first that is no certificate */
};

hf_trust *hf_trust_new(void)
{
    struct mem none = {0};
    hf_trust  *t    = mem_alloc(&none, sizeof *t);
    if (!t)
        return NULL;
    report_init(&t->rep);
    return t;
}

void hf_trust_free(hf_trust *t)
{
    struct mem none = {0};
    if (!t)
        return;
    for (size_t i = 0; i < t->n_anchors; i++)
        mem_free(&t->mem, t->anchors[i]);
    for (size_t i = 0; i < t->n_files; i++)
        mem_free(&t->mem, t->files[i]);
    mem_free(&t->mem, t->anchors);
    mem_free(&t->mem, t->files);
    mem_free(&t->mem, t->pins);
    mem_free(&t->mem, t->subjects);
    mem_free(&t->mem, t->listed);
    crl_set_free(&t->crls, &t->mem);
    key_pins_free(&t->keys, &t->mem);
    map_free(&t->by_name, &t->mem);
    map_free(&t->by_key_id, &t->mem);
    map_free(&t->by_pin, &t->mem);
    mem_free(&none, t);
}

/* Room for one more element of an array. */
static bool more_room(hf_trust *t, void *array, size_t n, size_t *room, size_t size)
{
    void **p = array, *more;
    if (n < *room)
        return true;
    more = mem_realloc(&t->mem, *p, (*room ? *room * 2 : 8) * size);
    if (!more)
        return no_memory(&t->rep, n * size);
    *p    = more;
    *room = *room ? *room * 2 : 8;
    return true;
}

static uint64_t fold(hf_view v)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < v.n; i++)
        h = (h ^ v.p[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

/* ---- looking up ---------------------------------------------------------------------------------------- */

const struct anchor *trust_anchor(const hf_trust *t, size_t i)
{
    return i < t->n_anchors ? t->anchors[i] : NULL;
}

size_t hf_trust_anchors(const hf_trust *t)
{
    return t->n_anchors;
}

const hf_why *hf_trust_why(const hf_trust *t)
{
    return &t->rep.why;
}

static void start(struct trust_iter *it, uint64_t key)
{
    it->key     = key;
    it->started = true;
}

const struct anchor *trust_by_name(const hf_trust *t, hf_view name, struct trust_iter *it)
{
    uint32_t i;
    if (!it->started)
        start(it, dn_hash(name));
    while (map_next(&t->by_name, it->key, &it->at, &i))
        if (dn_equal(t->anchors[i]->cert.subject, name))
            return t->anchors[i];
    return NULL;
}

const struct anchor *trust_by_key_id(const hf_trust *t, hf_view key_id, struct trust_iter *it)
{
    uint32_t i;
    if (!it->started)
        start(it, fold(key_id));
    while (key_id.n && map_next(&t->by_key_id, it->key, &it->at, &i))
        if (view_equal(t->anchors[i]->cert.ski, key_id))
            return t->anchors[i];
    return NULL;
}

const struct anchor *trust_same(const hf_trust *t, const struct cert *c)
{
    struct trust_iter    it = {0};
    const struct anchor *a;
    while ((a = trust_by_name(t, c->subject, &it)))
        if (view_equal(a->cert.der, c->der))
            return a;
    return NULL;
}

static uint64_t pin_key(const struct pin *p)
{
    uint64_t key;
    memcpy(&key, p->sha256, sizeof key);
    return key;
}

bool trust_pinned(const hf_trust *t, hf_view der)
{
    struct pin p;
    size_t     at = 0;
    uint32_t   i;
    if (!t->n_pins)
        return false;
    hash_once(HASH_SHA256, der, p.sha256);
    while (map_next(&t->by_pin, pin_key(&p), &at, &i))
        if (memcmp(t->pins[i].sha256, p.sha256, sizeof p.sha256) == 0)
            return true;
    return false;
}

size_t trust_pins(const hf_trust *t)
{
    return t->n_pins;
}

const struct key_pins *trust_keys(const hf_trust *t)
{
    return &t->keys;
}

bool trust_keys_first(const hf_trust *t)
{
    return t->keys_first;
}

enum hf_hints trust_hint_mode(const hf_trust *t)
{
    return t->mode;
}

bool trust_hint(const hf_trust *t, size_t i, hf_view *name)
{
    bool   listed = t->mode == HF_HINTS_LISTED;
    size_t n      = listed ? t->n_listed : t->mode == HF_HINTS_FROM_TRUST ? t->n_subjects : 0;
    if (i >= n)
        return false;
    *name = listed ? t->listed[i] : t->subjects[i];
    return true;
}

/* ---- adding one certificate ---------------------------------------------------------------------------- */

/* Indexes the newest anchor; its name is announced unless an earlier one has it. */
static bool index_anchor(hf_trust *t, const struct anchor *a)
{
    struct trust_iter it   = {0};
    bool              seen = trust_by_name(t, a->cert.subject, &it) != NULL;
    uint32_t          i    = (uint32_t)a->number;
    if (!seen && !more_room(t, &t->subjects, t->n_subjects, &t->room_subjects, sizeof *t->subjects))
        return false;
    if (!map_put(&t->by_name, &t->mem, dn_hash(a->cert.subject), i) ||
        (a->cert.ski.n && !map_put(&t->by_key_id, &t->mem, fold(a->cert.ski), i)))
        return no_memory(&t->rep, sizeof *a);
    if (!seen)
        t->subjects[t->n_subjects++] = a->cert.subject;
    return true;
}

/* c is parsed from the caller's bytes: the anchor's own copy is parsed again, so that its views are its own. */
static bool keep_anchor(hf_trust *t, const struct cert *c, const char *file, unsigned index)
{
    struct report  rep;
    struct anchor *a;
    uint8_t       *der;
    if (trust_same(t, c))
        return true;
    if (!more_room(t, &t->anchors, t->n_anchors, &t->room_anchors, sizeof(struct anchor *)))
        return false;
    a = mem_alloc(&t->mem, sizeof *a + c->der.n);
    if (!a)
        return no_memory(&t->rep, sizeof *a + c->der.n);
    der = (uint8_t *)(a + 1);
    memcpy(der, c->der.p, c->der.n);
    report_init(&rep);
    cert_parse(&a->cert, (hf_view){der, c->der.n}, &rep);
    a->file                    = file;
    a->index                   = index;
    a->number                  = t->n_anchors;
    t->anchors[t->n_anchors++] = a;
    return index_anchor(t, a);
}

bool trust_anchor_anything(hf_trust *t, hf_view der)
{
    struct report rep;
    struct cert   c;
    report_init(&rep);
    return cert_parse(&c, der, &rep) && keep_anchor(t, &c, "", (unsigned)t->n_anchors);
}

static bool keep_pin(hf_trust *t, const struct cert *c)
{
    if (!more_room(t, &t->pins, t->n_pins, &t->room_pins, sizeof *t->pins))
        return false;
    cert_sha256(c, t->pins[t->n_pins].sha256);
    if (!map_put(&t->by_pin, &t->mem, pin_key(&t->pins[t->n_pins]), (uint32_t)t->n_pins))
        return no_memory(&t->rep, sizeof *t->pins);
    t->n_pins++;
    return true;
}

/* "certificate 2 of ca.pem: CN=..." - people count from one. */
static const char *which(const struct source *s, const char *detail, char out[static 160])
{
    text_add(out, 160, 0, "certificate %u of %s: %s", s->n + 1, s->called, detail);
    return out;
}

static bool may_vouch(hf_trust *t, const struct cert *c, const struct source *s)
{
    char name[120], text[160];
    dn_text(c->subject, name, sizeof name);
    which(s, name, text);
    if (!c->is_ca && c->version < 3 && view_equal(c->issuer, c->subject))
        return fail_text(&t->rep, TRUST_ANCHOR_V1, 0, 3, c->version, text);
    if (!c->is_ca)
        return fail_text(&t->rep, TRUST_ANCHOR_IS_LEAF, 0, 0, s->n, text);
    if (c->has & EXT_KU && !(c->ku & KU_KEY_CERT_SIGN))
        return fail_text(&t->rep, TRUST_ANCHOR_NO_CERTSIGN, 0, KU_KEY_CERT_SIGN, c->ku, text);
    return true;
}

static bool add_certificate(hf_trust *t, hf_view der, struct source *s)
{
    struct report rep;
    struct cert   c;
    char          text[160];
    bool          ok;
    report_init(&rep);
    if (!cert_parse(&c, der, &rep))
        ok = fail_text(&t->rep, TRUST_CERT_BROKEN, rep.why.offset, 0, rep.why.check,
                       which(s, hf_check_info_of(rep.why.check)->title, text));
    else if (s->pins)
        ok = keep_pin(t, &c);
    else
        ok = may_vouch(t, &c, s) && keep_anchor(t, &c, s->called, s->n);
    s->n++;
    return ok;
}

/* ---- reading files ------------------------------------------------------------------------------------- */

/* A block of another kind than CERTIFICATE (X509, TRUSTED) is no error beside certificates; without any it
 * says what the file is instead. */
static bool add_block(hf_trust *t, const struct pem_block *b, struct source *s)
{
    size_t    n    = der_whole((hf_view){b->der, b->n});
    enum what what = what_label(b->label);
    if (what == IS_CERTIFICATE)
        return add_certificate(t, (hf_view){b->der, n ? n : b->n}, s);
    if (s->other == IS_NOTHING_KNOWN)
        s->other = what;
    return true;
}

static bool none_in_it(hf_trust *t, const struct source *s)
{
    if (s->other == IS_KEY)
        return fail_text(&t->rep, TRUST_FILE_IS_KEY, 0, 0, 0, s->called);
    if (s->other == IS_REQUEST)
        return fail_text(&t->rep, TRUST_FILE_IS_CSR, 0, 0, 0, s->called);
    if (s->other == IS_CRL)
        return fail_text(&t->rep, TRUST_FILE_IS_CRL, 0, 0, 0, s->called);
    if (what_no_certificate(&t->rep, s->other, s->called))
        return false;
    return fail_text(&t->rep, TRUST_FILE_NO_CERT, 0, 1, 0, s->called);
}

static bool add_pem(hf_trust *t, hf_view text, struct source *s)
{
    struct report    rep;
    struct pem_block b;
    size_t           at = 0;
    bool             ok = true;
    report_init(&rep);
    while (pem_next(text, &at, &b, &t->mem, &rep)) {
        ok &= add_block(t, &b, s);
        pem_free(&b, &t->mem);
    }
    if (report_bad(&rep)) {
        why_add_text(&rep, (enum check)rep.why.check, s->called);
        return fail_as(&t->rep, &rep.why);
    }
    return s->n ? ok : none_in_it(t, s);
}

/* One certificate or a run of them. */
static bool add_der(hf_trust *t, hf_view v, struct source *s)
{
    bool ok  = true;
    s->other = what_bytes(v);
    if (s->other != IS_CERTIFICATE && s->other != IS_NOTHING_KNOWN)
        return none_in_it(t, s);
    while (v.n) {
        size_t n = der_whole(v);
        n        = n ? n : v.n;
        ok &= add_certificate(t, (hf_view){v.p, n}, s);
        v = (hf_view){v.p + n, v.n - n};
    }
    return s->n ? ok : none_in_it(t, s);
}

/* The trust's own copy of the name; "" when memory is out. */
static const char *remember(hf_trust *t, const char *called)
{
    if (!more_room(t, &t->files, t->n_files, &t->room_files, sizeof *t->files))
        return "";
    t->files[t->n_files] = mem_text(&t->mem, called);
    return t->files[t->n_files] ? t->files[t->n_files++] : "";
}

static bool add_bytes(hf_trust *t, hf_view v, const char *called, bool pins)
{
    struct source s = {.called = remember(t, called), .pins = pins};
    return pem_looks_like(v) ? add_pem(t, v, &s) : add_der(t, v, &s);
}

static bool add_file(hf_trust *t, const char *file, bool pins)
{
    size_t   n;
    uint8_t *bytes = file_read(file, &n, &t->mem, &t->rep);
    bool     ok    = bytes && add_bytes(t, (hf_view){bytes, n}, file, pins);
    mem_free(&t->mem, bytes);
    return ok;
}

bool hf_trust_anchor_file(hf_trust *t, const char *file)
{
    return add_file(t, file, false);
}

bool hf_trust_pin_file(hf_trust *t, const char *file)
{
    return add_file(t, file, true);
}

bool hf_trust_anchor_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called)
{
    return add_bytes(t, (hf_view){pem_or_der, n}, called ? called : "", false);
}

bool hf_trust_pin_key_file(hf_trust *t, const char *file)
{
    t->keys_first |= t->n_anchors + t->n_pins == 0;
    return key_pins_file(&t->keys, file, &t->mem, &t->rep);
}

bool hf_trust_pin_key_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called)
{
    t->keys_first |= t->n_anchors + t->n_pins == 0;
    return key_pins_bytes(&t->keys, (hf_view){pem_or_der, n}, called ? called : "", &t->mem, &t->rep);
}

bool trust_pin_key_digest(hf_trust *t, const uint8_t sha256[32])
{
    t->keys_first |= t->n_anchors + t->n_pins == 0;
    return key_pins_digest_add(&t->keys, sha256, &t->mem, &t->rep);
}

/* ---- hints --------------------------------------------------------------------------------------------- */

bool hf_trust_hints(hf_trust *t, enum hf_hints mode, const hf_view *names, size_t n)
{
    size_t   bytes = 0;
    hf_view *all;
    uint8_t *p;
    for (size_t i = 0; i < n; i++) {
        if (!names[i].n || names[i].p[0] != 0x30 || der_whole(names[i]) != names[i].n)
            return fail_text(&t->rep, TRUST_HINT_BROKEN, 0, 0, (int64_t)i, "");
        bytes += names[i].n;
    }
    all = mem_alloc(&t->mem, n * sizeof *all + bytes);
    if (!all)
        return no_memory(&t->rep, n * sizeof *all + bytes);
    p = (uint8_t *)(all + n);
    for (size_t i = 0; i < n; i++) {
        all[i] = (hf_view){memcpy(p, names[i].p, names[i].n), names[i].n};
        p += names[i].n;
    }
    mem_free(&t->mem, t->listed);
    t->listed   = all;
    t->n_listed = n;
    t->mode     = mode;
    return true;
}

/* ---- revocation ---------------------------------------------------------------------------------------- */

const struct crl_set *trust_crls(const hf_trust *t)
{
    return &t->crls;
}

void trust_prove_crls(const hf_trust *t)
{
    for (size_t i = 0; i < t->crls.n; i++) {
        struct trust_iter    it = {0};
        const struct anchor *a;
        while ((a = trust_by_name(t, t->crls.all[i]->issuer, &it)))
            crl_signed_by(t->crls.all[i], &a->cert);
    }
}

bool hf_trust_crl_file(hf_trust *t, const char *file_or_folder)
{
    return crl_set_file(&t->crls, file_or_folder, &t->mem, &t->rep);
}

bool hf_trust_crl_bytes(hf_trust *t, const void *pem_or_der, size_t n, const char *called)
{
    return crl_set_bytes(&t->crls, (hf_view){pem_or_der, n}, called ? called : "", &t->mem, &t->rep);
}

bool hf_trust_crl_policy(hf_trust *t, hf_view issuer, enum hf_crl_policy p)
{
    return crl_set_policy(&t->crls, issuer, p, &t->mem, &t->rep);
}

bool hf_trust_crl(const hf_trust *t, size_t i, hf_crl *out)
{
    const struct crl *c = i < t->crls.n ? t->crls.all[i] : NULL;
    if (!c)
        return false;
    *out = (hf_crl){.file        = c->file,
                    .issuer      = c->issuer,
                    .number      = c->number,
                    .this_update = c->this_update,
                    .next_update = c->next_update,
                    .entries     = c->n_entries,
                    .bytes       = c->der.n,
                    .index_bytes = c->n_slots * sizeof *c->slots + sizeof *c};
    return true;
}

uint64_t hf_trust_epoch(const hf_trust *t)
{
    struct hash h;
    uint8_t     digest[32];
    uint64_t    epoch;
    hash_init(&h, HASH_SHA256);
    for (size_t i = 0; i < t->n_anchors; i++)
        hash_update(&h, t->anchors[i]->cert.der.p, t->anchors[i]->cert.der.n);
    hash_update(&h, &t->n_anchors, sizeof t->n_anchors);
    for (size_t i = 0; i < t->n_pins; i++)
        hash_update(&h, t->pins[i].sha256, sizeof t->pins[i].sha256);
    hash_update(&h, &t->n_pins, sizeof t->n_pins);
    crl_set_digest(&t->crls, &h);
    key_pins_digest(&t->keys, &h);
    hash_final(&h, digest);
    memcpy(&epoch, digest, sizeof epoch);
    return epoch;
}
