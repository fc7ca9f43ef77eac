/* SPDX-License-Identifier: Apache-2.0
 * secrets.c - what leaves a connection on purpose: exported keys (RFC 9846 7.5) and, for debugging with test
 * data, the key log (RFC 9850). */
#include <string.h>

#include "base/ct.h"
#include "base/text.h"
#include "tls/conn.h"
#include "tls/keys12.h"

/* RFC 5705 4: in TLS 1.2 no context and an empty one are different things. */
static bool export12(hf_conn *c, const char *label, hf_view context, uint8_t *out, size_t n)
{
    uint8_t   room[256];
    struct wr w = wr_fixed(room, sizeof room);
    if (context.p)
        wr_vec(&w, 2, context);
    if (w.full)
        return false;
    prf12(c->suite->hash, (hf_view){c->exporter.b, MASTER_BYTES}, label, (hf_view){c->randoms, sizeof c->randoms},
          (hf_view){room, w.n}, out, n);
    return true;
}

bool hf_conn_export(hf_conn *c, const char *label, hf_view context, uint8_t *out, size_t n)
{
    enum { LABEL_ROOM = 128, EXPORT_ROOM = 255 * 32 };
    if (!c->open || !c->suite || strlen(label) > LABEL_ROOM || n > EXPORT_ROOM)
        return false;
    if (c->version == TLS12)
        return export12(c, label, context, out, n);
    export_keys(c->suite->hash, &c->exporter, label, context, out, n);
    return true;
}

void keylog_add(hf_conn *c, const char *label, const struct secret *s)
{
    if (!c->cfg->keylog)
        return;
    if (!c->keylog)
        c->keylog = mem_alloc(&c->mem, sizeof *c->keylog);
    if (!c->keylog || c->keylog->n == sizeof c->keylog->line / sizeof c->keylog->line[0])
        return;
    struct keylog *k = c->keylog;
    memcpy(k->client_random, c->hs->client_random, RANDOM_BYTES);
    k->secret_n         = c->version == TLS12 ? MASTER_BYTES : hash_len(c->hs->suite->hash);
    k->line[k->n].label = label;
    k->line[k->n++].s   = *s;
}

const char *hf_conn_keylog_line(hf_conn *c)
{
    struct keylog *k = c->keylog;
    if (!k || k->read == k->n)
        return NULL;
    size_t at = text_add(k->text, sizeof k->text, 0, "%s ", k->line[k->read].label);
    at += text_hex(k->text + at, sizeof k->text - at, k->client_random, RANDOM_BYTES, 0);
    at = text_add(k->text, sizeof k->text, at, " ");
    text_hex(k->text + at, sizeof k->text - at, k->line[k->read].s.b, k->secret_n, 0);
    ct_wipe(&k->line[k->read++].s, sizeof(struct secret));
    return k->text;
}
