/* SPDX-License-Identifier: Apache-2.0
 *
 * key_pins.c - see key_pins.h. A key that no peer could be accepted by is refused when it is loaded, and so is a file
 * that holds something else: a private key above all, which does not belong with those who only check.
 */
#include "key_pins.h"

#include <string.h>

#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"
#include "crypto/what.h"
#include "walk.h"

struct source {
    const char *called;
    unsigned    n;     /* keys so far */
    enum what   other; /* what stood in it first that is no public key */
};

static uint64_t key_of(const struct key_pin *p)
{
    uint64_t key;
    memcpy(&key, p->sha256, sizeof key);
    return key;
}

static bool digest_pinned(const struct key_pins *k, const struct key_pin *p)
{
    size_t   at = 0;
    uint32_t i;
    while (map_next(&k->by_digest, key_of(p), &at, &i))
        if (memcmp(k->all[i].sha256, p->sha256, sizeof p->sha256) == 0)
            return true;
    return false;
}

bool key_pinned(const struct key_pins *k, hf_view spki)
{
    struct key_pin p;
    if (!k->n)
        return false;
    hash_once(HASH_SHA256, spki, p.sha256);
    return digest_pinned(k, &p);
}

void key_pins_digest(const struct key_pins *k, struct hash *h)
{
    for (size_t i = 0; i < k->n; i++)
        hash_update(h, k->all[i].sha256, sizeof k->all[i].sha256);
    hash_update(h, &k->n, sizeof k->n);
}

void key_pins_free(struct key_pins *k, struct mem *m)
{
    mem_free(m, k->all);
    map_free(&k->by_digest, m);
    *k = (struct key_pins){0};
}

/* ---- adding ---------------------------------------------------------------------------------------------- */

bool key_pins_digest_add(struct key_pins *k, const uint8_t sha256[32], struct mem *m, struct report *rep)
{
    struct key_pin p;
    memcpy(p.sha256, sha256, sizeof p.sha256);
    if (digest_pinned(k, &p))
        return true;
    if (k->n == k->room) {
        size_t          room = k->room ? 2 * k->room : 8;
        struct key_pin *more = mem_realloc(m, k->all, room * sizeof *more);
        if (!more)
            return no_memory(rep, room * sizeof *more);
        k->all  = more;
        k->room = room;
    }
    k->all[k->n] = p;
    if (!map_put(&k->by_digest, m, key_of(&p), (uint32_t)k->n))
        return no_memory(rep, sizeof p);
    k->n++;
    return true;
}

static bool keep(struct key_pins *k, hf_view spki, struct mem *m, struct report *rep)
{
    uint8_t digest[32];
    hash_once(HASH_SHA256, spki, digest);
    return key_pins_digest_add(k, digest, m, rep);
}

/* "key 2 of keys.pem: ..." - people count from one. */
static const char *which(const struct source *s, enum check check, char out[static 160])
{
    text_add(out, 160, 0, "key %u of %s: %s", s->n + 1, s->called, hf_check_info_of(check)->title);
    return out;
}

static bool add_key(struct key_pins *k, hf_view spki, struct source *s, struct mem *m, struct report *rep)
{
    struct report own;
    struct cert   c;
    struct trial  t = {.cert = -1};
    char          text[160];
    bool          ok;
    report_init(&own);
    if (!cert_bare(&c, spki, &own))
        ok = fail_text(rep, TRUST_KEY_BROKEN, own.why.offset, 0, own.why.check,
                       which(s, (enum check)own.why.check, text));
    else if (!judge_key(&c, &t))
        ok = fail_text(rep, TRUST_KEY_UNFIT, 0, t.fault.want, t.fault.got, which(s, t.fault.check, text));
    else
        ok = keep(k, c.spki, m, rep);
    s->n++;
    return ok;
}

static bool none_in_it(const struct source *s, struct report *rep)
{
    if (s->other == IS_KEY)
        return fail_text(rep, TRUST_KEYS_ARE_PRIVATE, 0, 0, 0, s->called);
    if (s->other == IS_CERTIFICATE)
        return fail_text(rep, TRUST_KEYS_ARE_CERTIFICATES, 0, 0, 0, s->called);
    return fail_text(rep, TRUST_KEYS_NONE, 0, 1, 0, s->called);
}

static bool add_pem(struct key_pins *k, hf_view text, struct source *s, struct mem *m, struct report *rep)
{
    struct report    own;
    struct pem_block b;
    bool             ok = true;
    report_init(&own);
    for (size_t at = 0; pem_next(text, &at, &b, m, &own); pem_free(&b, m)) {
        enum what what = what_label(b.label);
        if (what == IS_PUBLIC_KEY)
            ok &= add_key(k, (hf_view){b.der, b.n}, s, m, rep);
        else if (s->other == IS_NOTHING_KNOWN)
            s->other = what;
    }
    if (report_bad(&own)) {
        why_add_text(&own, (enum check)own.why.check, s->called);
        return fail_as(rep, &own.why);
    }
    return s->n && s->other != IS_KEY ? ok : none_in_it(s, rep);
}

bool key_pins_bytes(struct key_pins *k, hf_view v, const char *called, struct mem *m, struct report *rep)
{
    struct source s = {.called = called};
    if (pem_looks_like(v))
        return add_pem(k, v, &s, m, rep);
    s.other = what_bytes(v);
    return s.other == IS_PUBLIC_KEY ? add_key(k, v, &s, m, rep) : none_in_it(&s, rep);
}

bool key_pins_file(struct key_pins *k, const char *file, struct mem *m, struct report *rep)
{
    size_t   n;
    uint8_t *bytes = file_read(file, &n, m, rep);
    bool     ok    = bytes && key_pins_bytes(k, (hf_view){bytes, n}, file, m, rep);
    mem_free(m, bytes);
    return ok;
}
