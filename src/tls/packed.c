/* SPDX-License-Identifier: Apache-2.0
 *
 * packed.c - CompressedCertificate (RFC 8879): offered in ClientHello and CertificateRequest when the config says so.
 *
 *   1. Ours is packed once, at the seal, and only sent when it is smaller. One with an OCSP response goes unpacked.
 *   2. A bomb: uncompressed_length is looked at before anything is unpacked, and may be no more than a Certificate
 *      message may have; exactly so many bytes are made, whatever the packed ones hold, and what that takes is the connection's memory.
 *   3. The transcript has the message as it was sent; everything else sees the Certificate that came out of it.
 */
#include <string.h>

#include "tls/conn.h"
#include "tls/zip.h"

void hf_config_compression(hf_config *c, bool on)
{
    c->zips.n = 0;
    for (size_t i = 0; on && zip_at(i); i++) {
        c->zips.b[c->zips.n++] = (uint8_t)(zip_at(i)->code >> 8);
        c->zips.b[c->zips.n++] = (uint8_t)zip_at(i)->code;
    }
}

/* ---- ours ------------------------------------------------------------------------------------------------ */

static void pack_one(hf_cred *k, const struct zip *z, struct packed *to)
{
    hf_view  plain = {k->msg + MSG_HEADER, k->msg_n - MSG_HEADER};
    uint8_t *room  = mem_alloc(&k->mem, plain.n);
    size_t   n     = room ? z->pack(plain, room, plain.n) : 0;
    if (n) {
        struct wr w   = wr_grow(&k->mem, LIMIT_MSG_CERTIFICATE);
        size_t    msg = msg_open(&w, HT_COMPRESSED_CERTIFICATE);
        wr_u16(&w, z->code);
        wr_u24(&w, (uint32_t)plain.n);
        wr_vec(&w, 3, (hf_view){room, n});
        msg_close(&w, msg);
        *to = (struct packed){z->code, w.p, w.full || w.n >= k->msg_n ? 0 : w.n};
    }
    mem_free(&k->mem, room);
}

/* What does not get smaller, or finds no memory, is sent as it is. */
void cred_pack(hf_cred *k)
{
    for (size_t i = 0; zip_at(i); i++)
        pack_one(k, zip_at(i), &k->packed[i]);
}

hf_view cred_packed(const hf_cred *k, hf_view theirs)
{
    for (size_t i = 0; i < ZIPS_MAX; i++)
        if (k->packed[i].n && codes_have(theirs, k->packed[i].code))
            return (hf_view){k->packed[i].p, k->packed[i].n};
    return (hf_view){0};
}

void cred_unpack(hf_cred *k)
{
    for (size_t i = 0; i < ZIPS_MAX; i++)
        mem_free(&k->mem, k->packed[i].p);
}

void zips_keep(hf_conn *c, hf_view theirs)
{
    struct codes *kept = &c->hs->zips;
    hf_view       ours = codes_view(&c->cfg->zips);
    kept->n            = 0;
    for (size_t i = 0; i < codes_n(ours); i++)
        if (codes_have(theirs, codes_at(ours, i)))
            memcpy(kept->b + kept->n, ours.p + 2 * i, 2), kept->n += 2;
}

/* ---- theirs ---------------------------------------------------------------------------------------------- */

struct packed_read {
    uint16_t algorithm;
    uint32_t length;
    hf_view  bytes;
};

static bool packed_read(struct packed_read *m, hf_view msg, struct report *rep)
{
    struct rd r  = msg_body(msg, rep, CZ_MALFORMED);
    m->algorithm = rd_u16(&r);
    m->length    = rd_u24(&r);
    m->bytes     = rd_opaque(&r, 3);
    rd_need(&r, m->bytes.n > 0, r.short_, 1, 0);
    return rd_end(&r, CZ_TRAILING);
}

static bool packed_ok(hf_conn *c, const struct packed_read *m)
{
    if (!codes_have(codes_view(&c->cfg->zips), m->algorithm))
        return fail(&c->rep, CZ_ALGORITHM, MSG_HEADER, 0, m->algorithm);
    return m->length <= LIMIT_MSG_CERTIFICATE - MSG_HEADER ||
           fail(&c->rep, CZ_TOO_LARGE, MSG_HEADER + 2, LIMIT_MSG_CERTIFICATE, m->length);
}

/* Room for the Certificate message that comes of it, its header written. NULL: memory is out. */
static uint8_t *plain_room(const struct packed_read *m, struct mem *mem, size_t *n)
{
    *n             = MSG_HEADER + m->length;
    uint8_t *plain = mem_alloc(mem, *n);
    if (plain) {
        struct wr head = wr_fixed(plain, MSG_HEADER);
        wr_u8(&head, HT_CERTIFICATE);
        wr_u24(&head, m->length);
    }
    return plain;
}

hf_view packed_open(hf_view msg, struct mem *mem)
{
    struct packed_read m;
    struct report      rep;
    size_t             n;
    report_init(&rep);
    if (!packed_read(&m, msg, &rep) || m.length > LIMIT_MSG_CERTIFICATE - MSG_HEADER || !zip_of(m.algorithm))
        return (hf_view){0};
    uint8_t *plain = plain_room(&m, mem, &n);
    if (plain && zip_of(m.algorithm)->unpack(m.bytes, plain + MSG_HEADER, m.length, mem) == UNZIP_DONE)
        return (hf_view){plain, n};
    mem_free(mem, plain);
    return (hf_view){0};
}

static enum turn unpacked(hf_conn *c, hf_view msg, const struct packed_read *m, hf_view plain, enum unzip how)
{
    if (how == UNZIP_DONE)
        return certificate_came(c, plain, msg);
    if (how == UNZIP_NO_MEMORY)
        fail(&c->rep, CZ_NO_MEMORY, 0, 0, (int64_t)plain.n);
    else
        fail(&c->rep, CZ_BROKEN, MSG_HEADER + 5, m->length, (int64_t)m->bytes.n);
    return FAILED;
}

enum turn on_packed_certificate(hf_conn *c, hf_view msg)
{
    struct packed_read m;
    size_t             n;
    if (!packed_read(&m, msg, &c->rep) || !packed_ok(c, &m))
        return FAILED;
    uint8_t   *plain = plain_room(&m, &c->mem, &n);
    enum unzip how =
        plain ? zip_of(m.algorithm)->unpack(m.bytes, plain + MSG_HEADER, m.length, &c->mem) : UNZIP_NO_MEMORY;
    enum turn turn = unpacked(c, msg, &m, (hf_view){plain, n}, how);
    mem_free(&c->mem, plain);
    return turn;
}
