/* SPDX-License-Identifier: Apache-2.0
 *
 * stand_in.c - what the runner wants otherwise than the library has it, put in place by the linker (--wrap), in this
 * program alone: records shorter than the protocol's, and algorithms of certificate compression that only the runner
 * has. They make little of a message shorter, so that ours, which the library would not send, are put into the
 * sealed credential.
 */
#include <string.h>

#include "shim.h"
#include "tls/config.h"
#include "tls/conn.h"
#include "tls/zip.h"

enum { SHRINKING = 0xff01, EXPANDING = 0xff02, RANDOM = 0xff03, LONGER = 4 };

/* What is put before the message, or cut off there. */
static const uint8_t expanding_prefix[] = {1, 2, 3, 4}, shrinking_prefix[] = {0, 0};

static size_t prefixed(hf_view in, uint8_t *out, const uint8_t *prefix, size_t n)
{
    memcpy(out, prefix, n);
    memcpy(out + n, in.p, in.n);
    return n + in.n;
}

static bool cut(hf_view *in, const uint8_t *prefix, size_t n)
{
    if (in->n < n || (prefix && memcmp(in->p, prefix, n) != 0))
        return false;
    *in = (hf_view){in->p + n, in->n - n};
    return true;
}

static enum unzip whole(hf_view in, uint8_t *out, size_t n)
{
    if (in.n != n)
        return UNZIP_BROKEN;
    memcpy(out, in.p, n);
    return UNZIP_DONE;
}

static size_t shrink(hf_view in, uint8_t *out, size_t room)
{
    return cut(&in, shrinking_prefix, 2) && in.n <= room ? prefixed(in, out, shrinking_prefix, 0) : 0;
}

static enum unzip unshrink(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    (void)mem;
    if (n != in.n + 2)
        return UNZIP_BROKEN;
    prefixed(in, out, shrinking_prefix, 2);
    return UNZIP_DONE;
}

static size_t expand(hf_view in, uint8_t *out, size_t room)
{
    return in.n + 4 <= room ? prefixed(in, out, expanding_prefix, 4) : 0;
}

static enum unzip unexpand(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    (void)mem;
    return cut(&in, expanding_prefix, 4) ? whole(in, out, n) : UNZIP_BROKEN;
}

static size_t salt(hf_view in, uint8_t *out, size_t room)
{
    static uint8_t grain;
    grain++;
    return in.n + 1 <= room ? prefixed(in, out, &grain, 1) : 0;
}

static enum unzip unsalt(hf_view in, uint8_t *out, size_t n, struct mem *mem)
{
    (void)mem;
    return cut(&in, NULL, 1) ? whole(in, out, n) : UNZIP_BROKEN;
}

static const struct zip all[] = {{EXPANDING, expand, unexpand}, {SHRINKING, shrink, unshrink}, {RANDOM, salt, unsalt}};
static uint16_t         only;
static size_t           longest;

const struct zip *__wrap_zip_at(size_t i);
const struct zip *__wrap_zip_of(uint16_t code);
size_t            __wrap_limit_room(const hf_conn *c);
size_t            __real_limit_room(const hf_conn *c);

const struct zip *__wrap_zip_of(uint16_t code)
{
    for (size_t i = 0; i < ZIPS_MAX; i++)
        if (all[i].code == code)
            return &all[i];
    return NULL;
}

const struct zip *__wrap_zip_at(size_t i)
{
    if (only)
        return i ? NULL : __wrap_zip_of(only);
    return i < ZIPS_MAX ? &all[i] : NULL;
}

size_t __wrap_limit_room(const hf_conn *c)
{
    size_t room = __real_limit_room(c);
    return longest && longest < room ? longest : room;
}

void stand_in(hf_config *cfg, const struct plan *p)
{
    longest = (size_t)p->max_send_fragment;
    only    = (uint16_t)p->install_one_cert_compression_alg;
    hf_config_compression(cfg, p->install_cert_compression_algs || only);
}

static void pack(hf_cred *k, const struct zip *z, struct packed *to)
{
    struct wr w   = wr_grow(&k->mem, LIMIT_MSG_CERTIFICATE);
    size_t    msg = msg_open(&w, HT_COMPRESSED_CERTIFICATE);
    hf_view   in  = {k->msg + MSG_HEADER, k->msg_n - MSG_HEADER};
    uint8_t  *out = mem_alloc(&k->mem, in.n + LONGER);
    wr_u16(&w, z->code);
    wr_u24(&w, (uint32_t)in.n);
    wr_vec(&w, 3, (hf_view){out, z->pack(in, out, in.n + LONGER)});
    msg_close(&w, msg);
    mem_free(&k->mem, out);
    mem_free(&k->mem, to->p);
    *to = (struct packed){z->code, w.p, w.n};
}

void stand_in_sealed(struct setup *s)
{
    for (size_t i = 0; i < CREDS_MAX; i++)
        for (size_t j = 0; s->cred[i] && s->cfg->zips.n && zip_at(j); j++)
            pack(s->cred[i], zip_at(j), &s->cred[i]->packed[j]);
}
