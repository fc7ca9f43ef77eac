/* SPDX-License-Identifier: Apache-2.0
 *
 * mine_trust.c - the CA files and revocation lists that were given, or the system's own store. What does not belong
 * into such a file is noted; the CAs that are in it count all the same.
 */
#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"
#include "base/when.h"
#include "prog/mine.h"

/* Where the systems that we know keep their CAs as one file. */
static const char *const stores[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                     "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"};

/* Every CA of a file, whatever else is in it. */
static size_t add_cas(hf_trust *t, const char *file)
{
    struct mem       m = {0};
    struct report    rep;
    struct pem_block b;
    struct cert      c;
    size_t           n, at = 0, added = 0;
    report_init(&rep);
    uint8_t *bytes = file_read(file, &n, &m, &rep);
    while (bytes && pem_next((hf_view){bytes, n}, &at, &b, &m, &rep)) {
        struct report one;
        report_init(&one);
        if (cert_parse(&c, (hf_view){b.der, b.n}, &one) && c.is_ca)
            added += trust_anchor_anything(t, c.der);
        pem_free(&b, &m);
    }
    mem_free(&m, bytes);
    return added;
}

static void use_system(struct mine *o)
{
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++)
        if (add_cas(o->trust, stores[i])) {
            o->against = "the system's trust store";
            return;
        }
    o->against = "nothing: this system has no trust store, and no --cacert was given";
}

/* A trust file that the library refuses as a whole. */
static void note_trust(struct mine *o, const char *file, const char *subject, enum weight weight, const hf_why *w)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    struct file_note    *n    = mine_note(o, weight, info->reason, -1, subject, file);
    n->fix                    = info->hint;
    text_add(n->text, sizeof n->text, 0, "%s: %s", w->text[0] ? w->text : file, info->title);
}

static void add_file(struct mine *o, const char *file)
{
    hf_trust *alone = hf_trust_new();
    if (alone && !hf_trust_anchor_file(alone, file))
        note_trust(o, file, "trust-file", add_cas(o->trust, file) ? WEIGHT_FAULT : WEIGHT_BLOCKS, hf_trust_why(alone));
    else
        hf_trust_anchor_file(o->trust, file);
    hf_trust_free(alone);
}

static void add_crl(struct mine *o, const char *path)
{
    hf_trust *alone = hf_trust_new();
    hf_crl    crl;
    char      when[24], name[160];
    if (alone && !hf_trust_crl_file(alone, path))
        note_trust(o, path, "crl", WEIGHT_BLOCKS, hf_trust_why(alone));
    else
        hf_trust_crl_file(o->trust, path);
    for (size_t i = 0; alone && hf_trust_crl(alone, i, &crl); i++) {
        if (crl.next_update >= o->now)
            continue;
        struct file_note *n = mine_note(o, WEIGHT_REMARK, "crl-expired", -1, "crl", path);
        n->fix              = "Fetch or issue a current revocation list of this CA.";
        dn_text(crl.issuer, name, sizeof name);
        text_add(n->text, sizeof n->text, 0, "the revocation list of %s in %s has expired: nextUpdate was %s", name,
                 path, when_text(crl.next_update, when));
    }
    hf_trust_free(alone);
}

/* Two CAs of one name with different keys: which of them is meant, each peer guesses for itself. */
static void note_namesakes(struct mine *o)
{
    const struct anchor *a, *b;
    char                 name[160];
    for (size_t i = 0; (a = trust_anchor(o->trust, i)) && i < 64; i++) {
        struct trust_iter it = {0};
        while ((b = trust_by_name(o->trust, a->cert.subject, &it)) && b->number <= a->number)
            ;
        if (!b || view_equal(a->cert.spki, b->cert.spki))
            continue;
        struct file_note *n = mine_note(o, WEIGHT_REMARK, "issuer-key-changed", -1, "trust-file", b->file);
        n->fix              = "Keep the CA certificate whose key signs today; give a CA with a new key a new name.";
        dn_text(a->cert.subject, name, sizeof name);
        text_add(n->text, sizeof n->text, 0, "two CAs have the name %s and different keys", name);
    }
}

void mine_load_trust(struct mine *o, const struct settings *s)
{
    o->trust       = hf_trust_new();
    o->trust_given = s->cacerts.n > 0;
    if (!o->trust)
        return;
    for (unsigned i = 0; i < s->cacerts.n; i++)
        add_file(o, s->cacerts.v[i]);
    for (unsigned i = 0; i < s->crls.n; i++)
        add_crl(o, s->crls.v[i]);
    if (s->crls.n)
        hf_trust_crl_policy(o->trust, (hf_view){0}, HF_CRL_WHEN_PRESENT);
    o->crls = &s->crls;
    if (o->trust_given) {
        o->against = s->cacerts.v[0];
        note_namesakes(o);
    } else
        use_system(o);
}
