/* SPDX-License-Identifier: Apache-2.0
 * proxy_v2.c - see proxy_v2.h. */
#include "prog/proxy_v2.h"

#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "tls/conn.h"
#include "x509/oid.h"

enum {
    VERSION_PROXY = 0x21,
    OVER_UNKNOWN  = 0x00,
    OVER_TCP4     = 0x11,
    OVER_TCP6     = 0x21,
    T_ALPN        = 0x01,
    T_AUTHORITY   = 0x02,
    T_SSL         = 0x20,
    S_VERSION     = 0x21,
    S_CN          = 0x22,
    S_CIPHER      = 0x23,
    S_SIG_ALG     = 0x24,
    S_KEY_ALG     = 0x25,
    S_GROUP       = 0x26,
    S_SIG_SCHEME  = 0x27,
    S_CLIENT_CERT = 0x28,
    CLIENT_SSL    = 0x01,
    CLIENT_CONN   = 0x02,
    CLIENT_SESS   = 0x04,
    HEADER_MAX    = 0xffff
};

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

static void tlv(struct wr *w, uint8_t type, const void *p, size_t n)
{
    if (n == 0)
        return;
    wr_u8(w, type);
    wr_vec(w, 2, (hf_view){p, n});
}

static void tlv_text(struct wr *w, uint8_t type, const char *text)
{
    if (text)
        tlv(w, type, text, strlen(text));
}

/* ---- addresses ------------------------------------------------------------------------------------------ */

static uint16_t port_of(const union sock_addr *at)
{
    const struct sockaddr_in  *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    return ntohs(at->sa.sa_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

static void addresses(struct wr *w, const union sock_addr *from, const union sock_addr *here, size_t *length)
{
    hf_view a = addr_ip(from), b = addr_ip(here);
    bool    known = a.n && a.n == b.n;
    wr_u8(w, !known ? OVER_UNKNOWN : a.n == 4 ? OVER_TCP4 : OVER_TCP6);
    *length = wr_open(w, 2);
    if (!known)
        return;
    wr_view(w, a);
    wr_view(w, b);
    wr_u16(w, port_of(from));
    wr_u16(w, port_of(here));
}

/* ---- names, as HAProxy writes them ------------------------------------------------------------------------ */

/* TLS 1.2 suites under the names that OpenSSL gave them; those of TLS 1.3 have one name. */
static const char *cipher_name(uint16_t suite)
{
    static const struct {
        uint16_t    suite;
        const char *name;
    } names[] = {{0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"}, {0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"},
                 {0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"}, {0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"},
                 {0xc030, "ECDHE-RSA-AES256-GCM-SHA384"},   {0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].suite == suite)
            return names[i].name;
    return suite ? hf_code_name('s', suite) : NULL;
}

static const char *key_alg(const struct pubkey *k, char out[static 24])
{
    static const char *const kinds[] = {
        [KEY_RSA] = "RSA",    [KEY_RSA_PSS] = "RSA",     [KEY_EC_P256] = "EC", [KEY_EC_P384] = "EC",
        [KEY_EC_P521] = "EC", [KEY_ED25519] = "ED25519", [KEY_ED448] = "ED448"};
    if (k->kind >= sizeof kinds / sizeof kinds[0] || !kinds[k->kind])
        return NULL;
    bool sized = k->kind != KEY_ED25519 && k->kind != KEY_ED448;
    text_add(out, 24, 0, sized ? "%s%u" : "%s", kinds[k->kind], k->bits);
    return out;
}

/* "SHA256": the hash under the signature of the certificate. */
static const char *sig_alg(const struct sig_how *s)
{
    return s->hash == HASH_SHA256   ? "SHA256"
           : s->hash == HASH_SHA384 ? "SHA384"
           : s->hash == HASH_SHA512 ? "SHA512"
                                    : NULL;
}

/* ---- TLS ------------------------------------------------------------------------------------------------ */

static void ours(struct wr *w, const hf_conn *c)
{
    const struct cert *leaf = c->presented && c->presented->n ? &c->presented->cert[0] : NULL;
    char               key[24];
    if (!leaf)
        return;
    tlv_text(w, S_SIG_ALG, sig_alg(&leaf->sig));
    tlv_text(w, S_KEY_ALG, key_alg(&leaf->key, key));
}

static void theirs(struct wr *w, enum proxy_v2 how, const hf_peer *peer)
{
    char   cn[256];
    size_t n = hf_peer_names(peer, HF_NAME_CN, 0, cn, sizeof cn);
    tlv(w, S_CN, cn, n);
    hf_view leaf = hf_peer_leaf(peer);
    if (how == PROXY_V2_TLS_FULL && leaf.n < HEADER_MAX - w->n - 8) /* what does not fit is left out: the CN is there */
        tlv(w, S_CLIENT_CERT, leaf.p, leaf.n);
}

static void tls(struct wr *w, enum proxy_v2 how, const hf_conn *c)
{
    const hf_peer *shown = hf_conn_peer(c), *peer = shown && hf_peer_leaf(shown).n ? shown : NULL; /* a certificate */
    unsigned       client = CLIENT_SSL | (peer ? CLIENT_SESS : 0) | (peer && !hf_conn_resumed(c) ? CLIENT_CONN : 0);
    wr_u8(w, T_SSL);
    size_t mark = wr_open(w, 2);
    wr_u8(w, client);
    wr_u32(w, peer ? 0 : 1); /* "the client presented a certificate and it was successfully verified", else not zero */
    tlv_text(w, S_VERSION, hf_conn_version(c) == TLS12 ? "TLSv1.2" : "TLSv1.3");
    tlv_text(w, S_CIPHER, cipher_name(hf_conn_suite(c)));
    ours(w, c);
    if (hf_conn_group(c))
        tlv_text(w, S_GROUP, hf_code_name('g', hf_conn_group(c)));
    if (c->scheme)
        tlv_text(w, S_SIG_SCHEME, hf_code_name('a', c->scheme));
    if (peer)
        theirs(w, how, peer);
    wr_close(w, mark, 2);
}

void proxy_v2_write(struct wr *w, enum proxy_v2 how, const hf_conn *c, const union sock_addr *from,
                    const union sock_addr *here)
{
    size_t length;
    wr_bytes(w, signature, sizeof signature);
    wr_u8(w, VERSION_PROXY);
    addresses(w, from, here, &length);
    if (how != PROXY_V2_CONN) {
        tlv_text(w, T_ALPN, hf_conn_alpn(c));
        tlv_text(w, T_AUTHORITY, hf_conn_server_name(c));
        tls(w, how, c);
    }
    wr_close(w, length, 2);
}
