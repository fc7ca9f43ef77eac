/* SPDX-License-Identifier: Apache-2.0
 *
 * second_hello.c - the ClientHello after a HelloRetryRequest (RFC 9846 4.2.2): "the client MUST send the same
 * ClientHello without modification, except" for what `may_change` lists. A server that did not look would let a
 * client be judged by one offer and served by another.
 */
#include "base/text.h"
#include "tls/conn.h"

/* encrypted_client_hello: what was sealed for another server is sealed again (RFC 9849 6.1.5). early_data has to go;
 * where it stays, the records that nobody has a key for are what is refused. */
static bool may_change(uint16_t type)
{
    enum { XT_ENCRYPTED_CLIENT_HELLO = 0xfe0d };
    return type == XT_KEY_SHARE || type == XT_EARLY_DATA || type == XT_PRE_SHARED_KEY || type == XT_PADDING ||
           type == XT_ENCRYPTED_CLIENT_HELLO;
}

/* From legacy_version to the compression methods. */
static hf_view head_of(const struct client_hello *m)
{
    const uint8_t *from = m->x.base + MSG_HEADER;
    return (hf_view){from, (size_t)(m->compression.p + m->compression.n - from)};
}

/* Over the extensions of a hello that was read before: nothing in them is cut short. */
static struct rd exts_of(const struct client_hello *m, hf_view msg, struct report *rep)
{
    size_t    at = MSG_HEADER + head_of(m).n;
    struct rd r  = rd_new((hf_view){msg.p + at, msg.n - at}, rep, CHECK_NONE);
    if (rd_left(&r))
        rd_u16(&r);
    return r;
}

/* The next extension that may not change; false: there is none. */
static bool next(struct rd *r, uint16_t *type, hf_view *contents)
{
    while (rd_left(r) && rd_ok(r)) {
        *type     = rd_u16(r);
        *contents = rd_opaque(r, 2);
        if (!may_change(*type))
            return true;
    }
    *type = 0;
    return false;
}

static bool exts_same(struct rd a, struct rd b, hf_view msg)
{
    for (;;) {
        hf_view  one = {0}, two = {0};
        uint16_t first, second;
        bool     more = next(&a, &first, &one), still = next(&b, &second, &two);
        if (!more && !still)
            return true;
        if (more != still || first != second || !view_equal(one, two))
            return fail(b.rep, CH_SECOND_EXTENSION, still ? (size_t)(two.p - msg.p) : msg.n, first, second);
    }
}

bool second_hello_same(hf_conn *c, const struct client_hello *m, hf_view msg)
{
    struct client_hello first;
    hf_view             before = wr_done(&c->hs->hello);
    if (!client_hello_read(&first, before, &c->rep)) /* it was read before */
        return false;
    if (!view_equal(head_of(m), head_of(&first)))
        return fail(&c->rep, CH_SECOND_DIFFERS, MSG_HEADER, 0, 0);
    return exts_same(exts_of(&first, before, &c->rep), exts_of(m, msg, &c->rep), msg);
}
