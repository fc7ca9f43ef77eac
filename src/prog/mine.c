/* SPDX-License-Identifier: Apache-2.0
 *
 * mine.c - see mine.h. What the library says of each credential, in the words of one who looks at files: which file it
 * is, which certificate in it the key belongs to, in which order they stand.
 */
#include "mine.h"

#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "base/text.h"

enum { KEY_CHECKS = 600, KEY_CHECKS_END = 650 }; /* numbers of checks on key files and bundles */

struct file_note *mine_note(struct mine *o, enum weight w, const char *reason, int cred, const char *subject,
                            const char *file)
{
    struct file_note *n = &o->notes[o->n_notes < NOTES_MAX ? o->n_notes++ : NOTES_MAX - 1];
    *n                  = (struct file_note){.weight = w, .reason = reason, .file = file, .fix = "", .cred = cred};
    text_add(n->subject, sizeof n->subject, 0, "%s", subject);
    return n;
}

const struct file_note *mine_worst(const struct mine *o, int cred, enum weight at_least)
{
    const struct file_note *worst = NULL;
    for (unsigned i = 0; i < o->n_notes; i++) {
        const struct file_note *n = &o->notes[i];
        if (n->cred == cred && n->weight <= at_least && (!worst || n->weight < worst->weight))
            worst = n;
    }
    return worst;
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static hf_cred *load(const struct settings *s, unsigned i)
{
    hf_cred *c = hf_cred_files(s->creds[i].chain, s->creds[i].key, pass_ask, (void *)(uintptr_t)s->pass);
    if (c)
        c->insist = true;
    return c;
}

hf_cred *mine_cred_again(const struct settings *s, unsigned i)
{
    return load(s, i);
}

enum { PEM_ROOM = 96 * 1024, LINKS_MAX = 8 };

hf_cred *mine_cred_completed(const struct mine *o, unsigned i)
{
    const hf_cred       *given = o->creds[i].cred;
    const struct cert   *top   = &given->cert[0];
    const struct anchor *link;
    size_t               n = 0, links = 0, k = 0;
    char                *pem = malloc(PEM_ROOM);
    for (; pem && k + 1 < given->n && dn_equal(top->issuer, given->cert[k + 1].subject); top = &given->cert[++k])
        n += pem_write(pem + n, PEM_ROOM - n, "CERTIFICATE", top->der);
    if (pem)
        n += pem_write(pem + n, PEM_ROOM - n, "CERTIFICATE", top->der);
    for (; pem && links < LINKS_MAX && (link = mine_link(o, top)); top = &link->cert, links++)
        n += pem_write(pem + n, PEM_ROOM - n, "CERTIFICATE", link->cert.der);
    hf_cred *c = links ? hf_cred_external(pem, n, given->name) : NULL;
    if (c) {
        c->key      = key_ref(given->key);
        c->external = false;
        c->insist   = true;
    }
    free(pem);
    return c;
}

/* The credential could not be read at all. */
static void note_unreadable(struct mine *o, unsigned i, const hf_why *w)
{
    const struct own_cred *c    = &o->creds[i];
    const hf_check_info   *info = hf_check_info_of(w->check);
    bool                   key  = w->check >= KEY_CHECKS && w->check < KEY_CHECKS_END;
    const char            *file = key && c->key ? c->key : c->cert;
    struct file_note *n = mine_note(o, WEIGHT_BLOCKS, info->reason, (int)i, key ? "key-file" : "client-cert[0]", file);
    n->fix              = info->hint;
    if (key && !c->key && w->check == HF_CHK_KEY_IS_CERTIFICATE)
        text_add(n->text, sizeof n->text, 0, "%s holds no private key, and no --key names one", c->cert);
    else
        text_add(n->text, sizeof n->text, 0, "%s: %s", w->text[0] ? w->text : file, info->title);
}

/* ---- key and order ------------------------------------------------------------------------------------- */

static bool same_key(const struct pubkey *a, const struct pubkey *b)
{
    bool rsa = a->kind == KEY_RSA || a->kind == KEY_RSA_PSS;
    if (rsa)
        return (b->kind == KEY_RSA || b->kind == KEY_RSA_PSS) && view_equal(a->n, b->n) && view_equal(a->e, b->e);
    return a->kind == b->kind && view_equal(a->raw, b->raw);
}

static int cert_of_key(const hf_cred *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (same_key(key_public(c->key), &c->cert[i].key))
            return (int)i;
    return -1;
}

static void note_key(struct mine *o, unsigned i)
{
    struct own_cred  *c  = &o->creds[i];
    int               at = cert_of_key(c->cred);
    char              name[160];
    struct file_note *n;
    dn_text(c->cred->cert[0].subject, name, sizeof name);
    c->usable = at == 0;
    if (at > 0) {
        n      = mine_note(o, WEIGHT_BLOCKS, "cert-file-order", (int)i, "client-cert[0]", c->cert);
        n->fix = "Put the leaf first, then the CA that issued it, then the CA of that one.";
        text_add(n->text, sizeof n->text, 0,
                 "the key belongs to certificate %d of %s; the first in the file is %s: the leaf must stand first",
                 at + 1, c->cert, name);
    } else if (at < 0) {
        n      = mine_note(o, WEIGHT_BLOCKS, "key-mismatch", (int)i, "key-file", c->key ? c->key : c->cert);
        n->fix = "Name the key that was made for this certificate, or have the certificate issued again for this key.";
        text_add(n->text, sizeof n->text, 0, "the private key in %s does not belong to the certificate %s in %s",
                 c->key ? c->key : c->cert, name, c->cert);
    }
}

/* A key that makes no signature of TLS, such as Ed448 here. */
static void note_kind(struct mine *o, unsigned i)
{
    struct own_cred *c = &o->creds[i];
    char             name[160];
    if (!c->usable || cred_scheme(c->cred, (hf_view){0}, NULL, TLS13) ||
        cred_scheme(c->cred, (hf_view){0}, NULL, TLS12))
        return;
    struct file_note *n = mine_note(o, WEIGHT_BLOCKS, "algorithm-unsupported", (int)i, "client-cert[0]", c->cert);
    c->usable           = false;
    n->fix              = "Use a P-256, P-384, P-521, Ed25519 or RSA key.";
    dn_text(c->cred->cert[0].subject, name, sizeof name);
    text_add(n->text, sizeof n->text, 0, "the key of the certificate %s in %s is of a kind that cannot sign here", name,
             c->cert);
}

/* The certificates behind the leaf: each must have issued one before it. */
static bool issued_one_before(const hf_cred *c, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (dn_equal(c->cert[i].issuer, c->cert[at].subject))
            return true;
    return false;
}

static void note_order(struct mine *o, unsigned i)
{
    const hf_cred *c = o->creds[i].cred;
    char           name[160];
    for (size_t k = 1; k < c->n; k++) {
        bool root = cert_self_issued(&c->cert[k]), used = issued_one_before(c, k);
        if (used && !root && dn_equal(c->cert[k - 1].issuer, c->cert[k].subject))
            continue;
        if (used && root && dn_equal(c->cert[k - 1].issuer, c->cert[k].subject))
            continue; /* the root at the end: superfluous, and no fault */
        char subject[NOTE_SUBJECT];
        snprintf(subject, sizeof subject, "client-cert[%u]", (unsigned)k);
        struct file_note *n = mine_note(o, WEIGHT_REMARK, "own-chain-warning", (int)i, subject, o->creds[i].cert);
        n->fix = "Put the leaf first, then the CA that issued it, then the CA of that one, and nothing else.";
        dn_text(c->cert[k].subject, name, sizeof name);
        text_add(n->text, sizeof n->text, 0,
                 used ? "certificate %zu of %s (%s) does not stand behind the one it issued"
                      : "certificate %zu of %s (%s) issued none of those before it",
                 k + 1, o->creds[i].cert, name);
        return;
    }
}

static void load_cred(struct mine *o, const struct settings *s, unsigned i)
{
    struct own_cred *c = &o->creds[i];
    c->cert            = s->creds[i].chain;
    c->key             = s->creds[i].key;
    c->cred            = load(s, i);
    if (!c->cred)
        return;
    const hf_why *w = hf_cred_why(c->cred);
    if (w->check) {
        note_unreadable(o, i, w);
        return;
    }
    note_key(o, i);
    note_kind(o, i);
    note_order(o, i);
    mine_judge(o, i);
}

bool mine_load(struct mine *o, const struct settings *s, int64_t now)
{
    *o = (struct mine){.n_creds = s->n_creds, .now = now};
    mine_load_trust(o, s);
    for (unsigned i = 0; i < s->n_creds; i++)
        load_cred(o, s, i);
    return o->trust;
}

void mine_free(struct mine *o)
{
    for (unsigned i = 0; i < o->n_creds; i++) {
        check_run_drop(&o->creds[i].judged);
        hf_cred_free(o->creds[i].cred);
    }
    hf_trust_free(o->trust);
}
