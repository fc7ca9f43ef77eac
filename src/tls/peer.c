/* SPDX-License-Identifier: Apache-2.0
 *
 * peer.c - the proven peer. It has one constructor, called at one place: after the chain was accepted and
 * CertificateVerify verified (auth13.c).
 */
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "tls/conn.h"
#include "x509/oid.h"

enum { NAME_ROOM = 512 };

struct hf_peer {
    struct cert leaf; /* views into c->claimed */
    char       *name, *subject, *issuer;
};

static bool peer_texts(hf_conn *c, hf_peer *p)
{
    char               text[NAME_ROOM];
    const struct cert *leaf = &p->leaf;
    if (cert_is_bare(leaf)) {
        p->name    = mem_text(&c->mem, spki_name(leaf->spki, text));
        p->subject = mem_text(&c->mem, "");
        p->issuer  = mem_text(&c->mem, "");
        return p->name && p->subject && p->issuer;
    }
    cert_best_name(leaf, text, sizeof text);
    p->name = mem_text(&c->mem, text);
    dn_text(leaf->subject, text, sizeof text);
    p->subject = mem_text(&c->mem, text);
    dn_text(leaf->issuer, text, sizeof text);
    p->issuer = mem_text(&c->mem, text);
    return p->name && p->subject && p->issuer;
}

bool peer_new(hf_conn *c, const struct cert *leaf)
{
    hf_peer *p = mem_alloc(&c->mem, sizeof *p);
    if (!p)
        return false;
    c->peer = p;
    p->leaf = *leaf;
    if (peer_texts(c, p))
        return true;
    peer_free(c);
    return false;
}

void peer_free(hf_conn *c)
{
    hf_peer *p = c->peer;
    if (!p)
        return;
    mem_free(&c->mem, p->name);
    mem_free(&c->mem, p->subject);
    mem_free(&c->mem, p->issuer);
    mem_free(&c->mem, p);
    c->peer = NULL;
}

const hf_peer *hf_conn_peer(const hf_conn *c)
{
    return c->peer;
}

const char *hf_peer_name(const hf_peer *p)
{
    return p->name;
}

const char *hf_peer_subject(const hf_peer *p)
{
    return p->subject;
}

const char *hf_peer_issuer(const hf_peer *p)
{
    return p->issuer;
}

const struct cert *peer_cert(const hf_peer *p)
{
    return &p->leaf;
}

hf_view hf_peer_leaf(const hf_peer *p)
{
    return p->leaf.der;
}

hf_view hf_peer_spki(const hf_peer *p)
{
    return p->leaf.spki;
}

hf_view hf_peer_serial(const hf_peer *p)
{
    return p->leaf.serial;
}

void hf_peer_sha256(const hf_peer *p, uint8_t out[32])
{
    if (cert_is_bare(&p->leaf))
        cert_spki_sha256(&p->leaf, out);
    else
        cert_sha256(&p->leaf, out);
}

void hf_peer_spki_sha256(const hf_peer *p, uint8_t out[32])
{
    cert_spki_sha256(&p->leaf, out);
}

int64_t hf_peer_not_after(const hf_peer *p)
{
    return p->leaf.not_after;
}

static size_t alt_name(const struct cert *c, enum name_kind kind, size_t i, char *out, size_t room)
{
    struct gen_name g;
    char            ip[IP_TEXT];
    for (size_t at = 0; c->san.n && san_next(c->san, &at, &g);) {
        if (g.kind != kind || i-- > 0)
            continue;
        return kind == NAME_IP ? text_add(out, room, 0, "%s", ip_text(g.value, ip))
                               : text_printable(out, room, g.value.p, g.value.n);
    }
    return 0;
}

size_t hf_peer_names(const hf_peer *p, enum hf_name_kind kind, size_t i, char *out, size_t room)
{
    static const enum name_kind kinds[] = {
        [HF_NAME_URI] = NAME_URI, [HF_NAME_DNS] = NAME_DNS, [HF_NAME_MAIL] = NAME_MAIL, [HF_NAME_IP] = NAME_IP};
    hf_view subject = p->leaf.subject;
    if (kind == HF_NAME_CN)
        return i == 0 ? dn_attribute_text(subject, oid_bytes(OID_AT_CN), out, room) : 0;
    if (kind == HF_NAME_OU)
        return dn_attribute_nth(subject, oid_bytes(OID_AT_OU), i, out, room);
    return alt_name(&p->leaf, kinds[kind], i, out, room);
}
