/* SPDX-License-Identifier: Apache-2.0
 *
 * handfast.c - our own library as a stack under test, through its public header only; three times: remembering no
 * certificate signature (each handshake is cold, as libssl's are), as it is by default, and going on from the
 * session of the connection before.
 */
#include <time.h>

#include "bench.h"
#include "handfast.h"

static hf_config *config_of[2];
static int64_t    now_ms;
static bool       resumes;
static uint8_t    session[16384]; /* the newest */
static size_t     session_n;

static hf_config *make_config(const char *dir, enum side side, bool cold)
{
    static const uint16_t suite = 0x1301, group = 0x001d, version = 0x0304;
    const char           *root = bench_file(dir, side == SERVER ? "client-root.pem" : "server-root.pem");
    char                  chain[64], key[64], text[512];
    const char           *me    = side == SERVER ? "server" : "client";
    hf_trust             *trust = hf_trust_new();
    hf_config            *cfg   = hf_config_new(side == SERVER ? HF_SERVER : HF_CLIENT);
    hf_why                why;
    snprintf(chain, sizeof chain, "%s-chain.pem", me);
    snprintf(key, sizeof key, "%s-key.pem", me);
    hf_trust_anchor_file(trust, root);
    hf_config_trust(cfg, trust, HF_REQUIRE);
    hf_config_cred_files(cfg, bench_file(dir, chain), bench_file(dir, key));
    hf_config_versions(cfg, version, version);
    hf_config_suites(cfg, &suite, 1);
    hf_config_groups(cfg, &group, 1);
    if (cold)
        hf_config_remember(cfg, 0);
    if (resumes && side == CLIENT)
        hf_config_sessions(cfg, true);
    else if (resumes)
        hf_config_tickets(cfg, hf_tickets_new(NULL, 0), 1, 7200);
    if (!hf_config_seal(cfg, now_ms, &why)) {
        hf_why_text(&why, text, sizeof text);
        die("handfast: %s", text);
    }
    return cfg;
}

static void setup(const char *dir, bool cold)
{
    now_ms            = (int64_t)time(NULL) * 1000;
    config_of[CLIENT] = make_config(dir, CLIENT, cold);
    config_of[SERVER] = make_config(dir, SERVER, cold);
}

static void setup_cold(const char *dir)
{
    setup(dir, true);
}

static void setup_default(const char *dir)
{
    setup(dir, false);
}

static void setup_resumed(const char *dir)
{
    resumes = true;
    setup(dir, false);
}

static void *resumed_open(enum side side)
{
    hf_conn *c = hf_conn_new(config_of[side], side == CLIENT ? BENCH_HOST : NULL);
    if (side == CLIENT && session_n)
        hf_conn_resume(c, (hf_view){session, session_n});
    return c;
}

static void *handfast_open(enum side side)
{
    return hf_conn_new(config_of[side], side == CLIENT ? BENCH_HOST : NULL);
}

static void handfast_close(void *conn)
{
    hf_conn_free(conn);
}

/* As much of the wire as the connection takes. */
static void feed(hf_conn *c, struct wire *in)
{
    size_t   room, n = in->end - in->start;
    uint8_t *p = hf_conn_in(c, &room);
    if (p == NULL || n == 0)
        return;
    n = n < room ? n : room;
    memcpy(p, in->b + in->start, n);
    hf_conn_in_done(c, n);
    in->start += n;
    if (in->start == in->end)
        in->start = in->end = 0;
}

static void drain(hf_conn *c, struct wire *out)
{
    for (hf_view v = hf_conn_out(c); v.n > 0; v = hf_conn_out(c)) {
        if (out->end + v.n > WIRE_BYTES)
            die("wire is full");
        memcpy(out->b + out->end, v.p, v.n);
        out->end += v.n;
        hf_conn_out_done(c, v.n);
    }
}

static enum went handfast_step(void *conn, struct wire *in, struct wire *out)
{
    unsigned want;
    do {
        feed(conn, in);
        want = hf_conn_step(conn, now_ms);
        drain(conn, out);
    } while (in->start < in->end && !(want & HF_FAILED));
    want = hf_conn_step(conn, now_ms);
    if (want & HF_FAILED)
        hf_why_print(hf_conn_why(conn), stderr);
    return want & HF_FAILED ? BROKEN : want & HF_OPEN && hf_conn_peer(conn) ? DONE : GOES_ON;
}

static void take_ticket(void *client, struct wire *in)
{
    feed(client, in);
    hf_conn_step(client, now_ms);
    hf_view v = hf_conn_session(client);
    if (v.n == 0 || v.n > sizeof session || hf_conn_resumed(client) != (session_n > 0))
        die("handfast: no ticket came, or it was not taken");
    memcpy(session, v.p, v.n);
    session_n = v.n;
    hf_conn_step(client, now_ms);
}

static bool handfast_seal(void *conn, const uint8_t *p, struct wire *out)
{
    size_t sent = hf_conn_send(conn, p, BENCH_RECORD);
    drain(conn, out);
    return sent == BENCH_RECORD;
}

static bool handfast_open_record(void *conn, uint8_t *p, struct wire *in)
{
    size_t got = 0;
    while (got < BENCH_RECORD) {
        hf_view v = hf_conn_data(conn);
        if (v.n > 0) {
            size_t n = v.n < BENCH_RECORD - got ? v.n : BENCH_RECORD - got;
            memcpy(p + got, v.p, n);
            hf_conn_data_done(conn, n);
            got += n;
            continue;
        }
        feed(conn, in);
        if (hf_conn_step(conn, now_ms) & (HF_FAILED | HF_CLOSED))
            return false;
    }
    return true;
}

#define STACK(as, how)                                                                                                 \
    {                                                                                                                  \
        .name = as, .setup = how, .open = handfast_open, .close = handfast_close, .step = handfast_step,               \
        .seal = handfast_seal, .open_record = handfast_open_record,                                                    \
    }
const struct stack handfast_stack    = STACK("handfast", setup_cold);
const struct stack remembering_stack = STACK("remembering", setup_default);
const struct stack resumed_stack     = {.name        = "resumed",
                                        .setup       = setup_resumed,
                                        .open        = resumed_open,
                                        .close       = handfast_close,
                                        .step        = handfast_step,
                                        .after       = take_ticket,
                                        .seal        = handfast_seal,
                                        .open_record = handfast_open_record};
