/* SPDX-License-Identifier: Apache-2.0 */
#include "rec.h"

#include <string.h>

#include "base/ct.h"
#include "base/rd.h"

bool rec_key(struct rec_dir *d, const struct suite *suite, const struct secret *traffic, bool sealing)
{
    uint8_t       key[AEAD_KEY_MAX];
    const hf_view none = {key, 0};
    rec_drop(d);
    expand_label(suite->hash, traffic, "key", none, key, aead_key_len(suite->aead));
    expand_label(suite->hash, traffic, "iv", none, d->iv, sizeof d->iv);
    d->aead = aead_new(suite->aead, key, sealing);
    d->seq  = 0;
    ct_wipe(key, sizeof key);
    return d->aead != NULL;
}

void rec_drop(struct rec_dir *d)
{
    aead_free(d->aead);
    ct_wipe(d, sizeof *d);
}

/* 5.3: the sequence number, padded on the left, XOR the IV. */
static void nonce_of(struct rec_dir *d, uint8_t nonce[AEAD_NONCE])
{
    memcpy(nonce, d->iv, AEAD_NONCE);
    for (unsigned i = 0; i < 8; i++)
        nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(d->seq >> (8 * i));
    d->seq++;
}

/* Names what is spoken when it is not TLS: the commonest misconfigurations. */
static const char *other_protocol(const uint8_t *p, size_t n)
{
    static const struct {
        const char *start, *name;
    } known[] = {{"GET ", "HTTP"},
                 {"POST ", "HTTP"},
                 {"PUT ", "HTTP"},
                 {"HEAD ", "HTTP"},
                 {"OPTIONS ", "HTTP"},
                 {"CONNECT ", "HTTP"},
                 {"HTTP/", "HTTP"},
                 {"PRI * HTTP/2", "HTTP/2 without TLS"},
                 {"SSH-", "SSH"},
                 {"220 ", "a SMTP or FTP greeting"},
                 {"220-", "a SMTP or FTP greeting"},
                 {"* OK", "an IMAP greeting"},
                 {"+OK", "a POP3 greeting"},
                 {"EHLO", "SMTP"},
                 {"PROXY ", "a PROXY protocol header"},
                 {"\r\n\r\n\0\r\nQUIT", "a PROXY protocol v2 header"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t len = known[i].start[0] == '\r' ? 8 : strlen(known[i].start);
        if (n >= len && memcmp(p, known[i].start, len) == 0)
            return known[i].name;
    }
    if (n >= 3 && (p[0] & 0x80) && p[2] == HT_CLIENT_HELLO)
        return "an SSLv2 hello";
    return "unknown bytes";
}

static enum rec_got header_read(const uint8_t *wire, size_t n, bool sealed, bool first, uint8_t *type, size_t *len,
                                struct report *rep)
{
    if (n == 0)
        return REC_NEED_MORE;
    *type      = wire[0];
    bool known = *type >= CT_CHANGE_CIPHER_SPEC && *type <= CT_APPLICATION_DATA;
    if (first && (!known || (n >= 2 && wire[1] != 3)))
        return fail_text(rep, NOT_TLS, 0, CT_HANDSHAKE, *type, other_protocol(wire, n)), REC_BAD;
    if (!known)
        return fail(rep, RECORD_TYPE, 0, CT_HANDSHAKE, *type), REC_BAD;
    if (n < REC_HEADER)
        return REC_NEED_MORE;
    *len       = (size_t)(wire[3] << 8 | wire[4]);
    size_t max = LIMIT_RECORD_PLAINTEXT + (sealed ? LIMIT_RECORD_EXPANSION : 0);
    if (wire[1] != 3)
        return fail(rep, RECORD_VERSION, 1, 3, wire[1]), REC_BAD;
    if (*len > max)
        return fail(rep, RECORD_TOO_LONG, 3, (int64_t)max, (int64_t)*len), REC_BAD;
    return n < REC_HEADER + *len ? REC_NEED_MORE : REC_WHOLE;
}

/* 5.2: opens in place, drops the padding, finds the content type. */
static bool unseal(struct rec_dir *d, uint8_t *wire, size_t len, struct record *out, struct report *rep)
{
    uint8_t nonce[AEAD_NONCE], *body = wire + REC_HEADER;
    if (d->v12)
        return rec12_unseal(d, wire, len, out, rep);
    if (len < AEAD_TAG + 1)
        return fail(rep, RECORD_TOO_SHORT, 3, AEAD_TAG + 1, (int64_t)len);
    nonce_of(d, nonce);
    if (!aead_open(d->aead, nonce, (hf_view){wire, REC_HEADER}, (hf_view){body, len}, body))
        return fail(rep, RECORD_MAC, 0, 0, (int64_t)d->seq - 1);
    len -= AEAD_TAG;
    /* 5.4: "the full encoded TLSInnerPlaintext MUST NOT exceed 2^14 + 1 octets", its padding included */
    if (len - 1 > LIMIT_RECORD_PLAINTEXT)
        return fail(rep, RECORD_CONTENT_TOO_LONG, 0, LIMIT_RECORD_PLAINTEXT, (int64_t)len - 1);
    while (len > 0 && body[len - 1] == 0)
        len--;
    if (len == 0)
        return fail(rep, RECORD_NO_TYPE, 0, 0, 0);
    *out = (struct record){.type = body[len - 1], .sealed = true, .body = {body, len - 1}, .whole = out->whole};
    return true;
}

enum rec_got rec_open(struct rec_dir *d, uint8_t *wire, size_t n, bool first, struct record *out, struct report *rep)
{
    uint8_t      type;
    size_t       len;
    enum rec_got got = header_read(wire, n, d->aead != NULL, first, &type, &len, rep);
    if (got != REC_WHOLE)
        return got;
    *out = (struct record){.type = type, .body = {wire + REC_HEADER, len}, .whole = REC_HEADER + len};
    /* Under a key everything is application_data on the outside; what is not (a ChangeCipherSpec of the
     * compatibility mode, an alert of a peer that has no keys yet) is handed up as plaintext to be judged. */
    if (!d->aead || (type != CT_APPLICATION_DATA && !d->v12))
        return REC_WHOLE;
    return unseal(d, wire, len, out, rep) ? REC_WHOLE : REC_BAD;
}

static size_t padded(size_t inner, unsigned pad)
{
    if (pad > 1)
        inner = (inner + pad - 1) / pad * pad;
    return inner <= LIMIT_RECORD_PLAINTEXT + 1 ? inner : LIMIT_RECORD_PLAINTEXT + 1;
}

size_t rec_wire_len(const struct rec_dir *d, size_t n, unsigned pad)
{
    if (d->v12)
        return REC_HEADER + d->explicit_n + n + AEAD_TAG;
    return REC_HEADER + (d->aead ? padded(n + 1, pad) + AEAD_TAG : n);
}

bool rec_seal(struct rec_dir *d, uint8_t type, uint16_t version, hf_view content, unsigned pad, uint8_t *out)
{
    size_t   whole = rec_wire_len(d, content.n, pad), len = whole - REC_HEADER;
    uint8_t *body = out + REC_HEADER + d->explicit_n, nonce[AEAD_NONCE];
    out[0]        = d->aead && !d->v12 ? CT_APPLICATION_DATA : type;
    out[1]        = (uint8_t)(version >> 8);
    out[2]        = (uint8_t)version;
    out[3]        = (uint8_t)(len >> 8);
    out[4]        = (uint8_t)len;
    if (content.n)
        memcpy(body, content.p, content.n);
    if (!d->aead)
        return true;
    if (d->v12)
        return rec12_seal(d, out, content.n);
    body[content.n] = type;
    memset(body + content.n + 1, 0, len - AEAD_TAG - content.n - 1);
    nonce_of(d, nonce);
    return aead_seal(d->aead, nonce, (hf_view){out, REC_HEADER}, (hf_view){body, len - AEAD_TAG}, body);
}
