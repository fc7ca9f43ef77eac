/* SPDX-License-Identifier: Apache-2.0
 *
 * probe_hello.c - attempts without a handshake: a ClientHello with longer lists than handfast would use, to hear whether
 * the server takes one of them; and the first words of other protocols.
 */
#include <string.h>

#include "prog/explain.h"
#include "tls/msg.h"

/* Code points in wire form. */
#define LIST(name, ...) static const uint8_t name[] = {__VA_ARGS__}
LIST(suites, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc,
     0xa8);
LIST(more_suites, 0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0x13, 0x04, 0x13, 0x05, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0,
     0x30, 0xcc, 0xa9, 0xcc, 0xa8, 0xcc, 0xaa, 0x00, 0x9e, 0x00, 0x9f, 0xc0, 0xac, 0xc0, 0xad, 0xc0, 0xae, 0xc0, 0xaf,
     0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0xc0, 0x23, 0xc0, 0x24, 0xc0, 0x27, 0xc0, 0x28, 0x00, 0x33, 0x00,
     0x39, 0x00, 0x67, 0x00, 0x6b, 0x00, 0x9c, 0x00, 0x9d, 0xc0, 0x9c, 0xc0, 0x9d, 0x00, 0x3c, 0x00, 0x3d, 0x00, 0x2f,
     0x00, 0x35, 0x00, 0x41, 0x00, 0x84, 0x00, 0x0a);
LIST(groups, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19);
LIST(more_groups, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x19, 0x00, 0x1e, 0x00, 0x16, 0x00, 0x1a, 0x00, 0x1b, 0x00,
     0x1c, 0x00, 0x1f, 0x00, 0x20, 0x00, 0x21, 0x01, 0x00, 0x01, 0x01, 0x01, 0x02, 0x01, 0x03, 0x01, 0x04);
LIST(schemes, 0x04, 0x03, 0x08, 0x07, 0x05, 0x03, 0x06, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x08, 0x09, 0x08,
     0x0a, 0x08, 0x0b, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01);
LIST(more_schemes, 0x04, 0x03, 0x08, 0x07, 0x05, 0x03, 0x06, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x08, 0x09, 0x08,
     0x0a, 0x08, 0x0b, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x08, 0x08, 0x08, 0x1a, 0x08, 0x1b, 0x08, 0x1c, 0x03, 0x03,
     0x03, 0x01, 0x02, 0x03, 0x02, 0x01, 0x04, 0x02, 0x02, 0x02);
LIST(versions, 3, 4, 3, 3);
LIST(more_versions, 3, 4, 3, 3, 3, 2, 3, 1);
LIST(types, TYPE_X509, TYPE_RAW_KEY); /* RFC 7250 */
#define VIEW(list) ((hf_view){list, sizeof list})

enum { HELLO_ROOM = 2048, RECORD_HEADER_BYTES = 5, ANSWER_ROOM = 20000 };

static size_t write_hello(const struct explain *x, enum probe p, uint8_t out[HELLO_ROOM])
{
    uint8_t    random[RANDOM_BYTES], id[SESSION_ID_MAX];
    struct wr  w = wr_fixed(out + RECORD_HEADER_BYTES, HELLO_ROOM - RECORD_HEADER_BYTES);
    struct kx *k = kx_new(KX_X25519, &rnd_libcrypto);
    if (!k)
        return 0;
    rnd_libcrypto.fill(rnd_libcrypto.ctx, random, sizeof random);
    rnd_libcrypto.fill(rnd_libcrypto.ctx, id, sizeof id);
    bool                    wide = p == PROBE_SUITES || p == PROBE_OLD;
    struct client_hello_out m    = {.random        = random,
                                    .session_id    = {id, sizeof id},
                                    .suites        = wide ? VIEW(more_suites) : VIEW(suites),
                                    .groups        = p == PROBE_GROUPS ? VIEW(more_groups) : VIEW(groups),
                                    .sig_algs      = p == PROBE_SIGALGS ? VIEW(more_schemes) : VIEW(schemes),
                                    .sig_algs_cert = p == PROBE_SIGALGS ? VIEW(more_schemes) : VIEW(schemes),
                                    .versions      = p == PROBE_OLD ? VIEW(more_versions) : VIEW(versions),
                                    .server_name   = explain_sends_sni(x) ? explain_sni(x) : NULL,
                                    .tls12         = true,
                                    .client_types  = p == PROBE_RAW_KEYS ? VIEW(types) : (hf_view){0},
                                    .server_types  = p == PROBE_RAW_KEYS ? VIEW(types) : (hf_view){0},
                                    .shares        = {{KX_X25519, kx_share(k)}},
                                    .n_shares      = 1};
    client_hello_write(&w, &m);
    kx_free(k);
    out[0] = CT_HANDSHAKE;
    out[1] = 3;
    out[2] = 1;
    out[3] = (uint8_t)(w.n >> 8);
    out[4] = (uint8_t)w.n;
    return w.full ? 0 : RECORD_HEADER_BYTES + w.n;
}

/* The first handshake message that came, as far as it came. */
static hf_view first_message(const uint8_t *in, size_t n)
{
    struct report rep;
    report_init(&rep);
    struct rd r      = rd_new((hf_view){in, n}, &rep, CHECK_NONE);
    bool      is     = n >= RECORD_HEADER_BYTES + MSG_HEADER && rd_u8(&r) == CT_HANDSHAKE;
    size_t    record = is ? (rd_u16(&r), rd_u16(&r)) : 0u, left = rd_left(&r);
    hf_view   body = rd_rest(&r);
    size_t    len  = record ? (rd_u8(&r), MSG_HEADER + rd_u24(&r)) : 0u;
    return len && len <= record && len <= left ? (hf_view){body.p, len} : (hf_view){0};
}

static bool first_alert(const uint8_t *in, size_t n, uint8_t *alert)
{
    enum { ALERT_BYTES = 2 };
    struct report rep;
    report_init(&rep);
    struct rd r  = rd_new((hf_view){in, n}, &rep, CHECK_NONE);
    bool      is = n >= RECORD_HEADER_BYTES + ALERT_BYTES && rd_u8(&r) == CT_ALERT;
    if (is)
        rd_bytes(&r, RECORD_HEADER_BYTES); /* the rest of the header, and the level */
    *alert = is ? rd_u8(&r) : HF_NO_ALERT;
    return is;
}

static void read_answer(struct probed *r, enum probe p, const uint8_t *in, size_t n)
{
    struct server_hello m = {0};
    struct report       rep;
    hf_view             msg = first_message(in, n);
    report_init(&rep);
    r->out.heard = n > 0;
    r->out.end   = n > 0 ? END_OUR_CHECK : END_CLOSED;
    if (first_alert(in, n, &r->out.why.alert))
        r->out.end = END_ALERT;
    r->hello = msg.n && msg.p[0] == HT_SERVER_HELLO && server_hello_read(&m, msg, ~0u, &rep);
    if (!r->hello)
        return;
    r->out.end     = END_FINE;
    r->out.version = m.x.version ? m.x.version : m.legacy_version;
    r->got         = p == PROBE_GROUPS ? m.x.share_group : p == PROBE_OLD ? r->out.version : m.suite;
    r->hello       = p != PROBE_OLD || r->out.version < TLS12;
}

void probe_hello(struct explain *x, enum probe p)
{
    struct live     l;
    struct live_how how;
    uint8_t         hello[HELLO_ROOM], in[ANSWER_ROOM], alert;
    size_t          len = write_hello(x, p, hello), n = 0;
    explain_how(x, &how);
    if (!len || !live_dial(&l, &how))
        return;
    long k = prelude_speak(&l) && live_send_all(&l, hello, len) ? 1 : 0;
    while (k > 0 && n < sizeof in && !first_message(in, n).n && !first_alert(in, n, &alert) &&
           (k = live_read_some(&l, in + n, sizeof in - n)) > 0)
        n += (size_t)k;
    read_answer(&x->probe[p], p, in, n);
    live_hang_up(&l);
}

/* ---- other protocols ----------------------------------------------------------------------------------- */

static void ask_plainly(struct live *l)
{
    char    text[512];
    uint8_t in[2048];
    size_t  n = http_request(text, sizeof text, "/", l->how.host);
    long    k = live_send_all(l, text, n) ? live_read_some(l, in, sizeof in) : -1;
    if (k > 0)
        answer_add(&l->out.answer, (hf_view){in, (size_t)k});
    answer_read(&l->out.answer);
}

void probe_raw(struct explain *x, enum probe p)
{
    enum { RAW_MS = 2000 };
    struct live     l;
    struct live_how how;
    explain_how(x, &how);
    how.timeout_ms = how.timeout_ms < RAW_MS ? how.timeout_ms : RAW_MS;
    how.starttls   = p == PROBE_POSTGRES ? STARTTLS_POSTGRES : p == PROBE_LDAP ? STARTTLS_LDAP : STARTTLS_NONE;
    if (!live_dial(&l, &how))
        return;
    x->probe[p].made = true;
    if (p == PROBE_PLAIN)
        ask_plainly(&l);
    else
        x->probe[p].hello = prelude_speak(&l);
    x->probe[p].out = l.out;
    live_hang_up(&l);
}
