/* SPDX-License-Identifier: Apache-2.0
 * tell_service.c - see tell_service.h. */
#include "prog/tell_service.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/pem.h"
#include "base/text.h"
#include "tls/conn.h"

enum { NAME_ROOM = 1024, HEX_ROOM = 72 };

static void put(struct wr *w, const char *text)
{
    wr_bytes(w, text, strlen(text));
}

/* ---- RFC 9440 -------------------------------------------------------------------------------------------- */

/* A byte sequence of RFC 8941 3.3.5: base64 with padding between colons. */
static void put_bytes(struct wr *w, hf_view v)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    put(w, ":");
    for (size_t i = 0; i < v.n; i += 3) {
        size_t   n    = v.n - i < 3 ? v.n - i : 3;
        uint32_t bits = (uint32_t)v.p[i] << 16 | (n > 1 ? (uint32_t)v.p[i + 1] << 8 : 0) | (n > 2 ? v.p[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            wr_u8(w, k <= n ? (uint8_t)digits[bits >> (18 - 6 * k) & 63] : '=');
    }
    put(w, ":");
}

static void rfc9440(struct wr *w, const hf_conn *c)
{
    hf_view certs[LIMIT_CHAIN];
    size_t  n = hf_conn_claimed(c, certs, LIMIT_CHAIN);
    put(w, "Client-Cert: ");
    put_bytes(w, hf_peer_leaf(hf_conn_peer(c)));
    put(w, "\r\n");
    for (size_t i = 1; i < n; i++) {
        put(w, i == 1 ? "Client-Cert-Chain: " : ", ");
        put_bytes(w, certs[i]);
    }
    if (n > 1)
        put(w, "\r\n");
}

/* ---- X-Forwarded-Client-Cert ------------------------------------------------------------------------------- */

/* In quotes, with a backslash before a quote. */
static void put_quoted(struct wr *w, const char *text)
{
    put(w, "\"");
    for (; *text; text++) {
        if (*text == '"')
            put(w, "\\");
        wr_u8(w, (uint8_t)*text);
    }
    put(w, "\"");
}

static void put_value(struct wr *w, const char *text)
{
    if (strpbrk(text, ",;=\""))
        put_quoted(w, text);
    else
        put(w, text);
}

static void put_names(struct wr *w, const char *key, const hf_peer *p, enum hf_name_kind kind)
{
    char text[NAME_ROOM];
    for (size_t i = 0; hf_peer_names(p, kind, i, text, sizeof text); i++) {
        put(w, key);
        put_value(w, text);
    }
}

/* A certificate as PEM, percent-encoded. */
static void put_pem(struct wr *w, hf_view der)
{
    struct mem m    = {0};
    size_t     room = der.n * 2 + 128;
    char      *pem  = mem_alloc(&m, room);
    size_t     n    = pem ? pem_write(pem, room, "CERTIFICATE", der) : 0;
    char       code[4];
    for (size_t i = 0; i < n; i++) {
        char c = pem[i];
        if ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' || c == '.')
            wr_u8(w, (uint8_t)c);
        else {
            snprintf(code, sizeof code, "%%%02X", (unsigned char)c);
            put(w, code);
        }
    }
    mem_free(&m, pem);
}

/* The credential that was presented; on a resumed session none was: the one that fits the name asked for, as then. */
static const hf_cred *own(const hf_conn *c)
{
    const hf_cred *k = c->cfg->creds;
    if (c->presented)
        return c->presented;
    while (k && c->server_name && !(k->n && match_host(&k->cert[0], c->server_name)))
        k = k->next;
    return k ? k : c->cfg->creds;
}

/* "By": the URI of our own certificate. */
static void put_by(struct wr *w, const hf_conn *c)
{
    struct gen_name g;
    char            text[NAME_ROOM];
    const hf_cred  *ours = own(c);
    for (size_t at = 0; ours && ours->n && ours->cert[0].san.n && san_next(ours->cert[0].san, &at, &g);)
        if (g.kind == NAME_URI) {
            put(w, "By=");
            text_printable(text, sizeof text, g.value.p, g.value.n);
            put_value(w, text);
            put(w, ";");
            return;
        }
}

static void xfcc(struct wr *w, const hf_conn *c)
{
    const hf_peer *p = hf_conn_peer(c);
    uint8_t        digest[32];
    char           hex[HEX_ROOM];
    hf_peer_sha256(p, digest);
    text_hex(hex, sizeof hex, digest, sizeof digest, 0);
    put(w, "X-Forwarded-Client-Cert: ");
    put_by(w, c);
    put(w, "Hash=");
    put(w, hex);
    put(w, ";Cert=\"");
    put_pem(w, hf_peer_leaf(p));
    put(w, "\"");
    put_names(w, ";URI=", p, HF_NAME_URI);
    put_names(w, ";DNS=", p, HF_NAME_DNS);
    put(w, ";Subject=");
    put_quoted(w, hf_peer_subject(p));
    put(w, "\r\n");
}

void tell_service(struct wr *w, enum http_headers how, const hf_conn *c)
{
    const hf_peer *p = hf_conn_peer(c);
    if (!p || !hf_peer_leaf(p).n) /* both forms are of certificates: of a raw public key nothing is said */
        return;
    if (how == HTTP_HEADERS_RFC9440)
        rfc9440(w, c);
    if (how == HTTP_HEADERS_XFCC)
        xfcc(w, c);
}
