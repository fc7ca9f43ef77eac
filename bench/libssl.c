/* SPDX-License-Identifier: Apache-2.0
 *
 * libssl.c - libssl as a stack under test, set up as its manual advises for mutual TLS. Its transport is a
 * BIO over the benchmark's own wires: nothing of it is on the heap but the BIO itself.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "bench.h"

static SSL_CTX     *ctx_of[2];
static SSL_SESSION *session; /* the newest, where connections resume */
static BIO_METHOD  *wire_method;
/* The wires of the connection that is being stepped. */
static struct wire *wire_in, *wire_out;

static int wire_write(BIO *b, const char *p, int n)
{
    if (wire_out->end + (size_t)n > WIRE_BYTES)
        die("wire is full");
    memcpy(wire_out->b + wire_out->end, p, (size_t)n);
    wire_out->end += (size_t)n;
    return n;
}

static int wire_read(BIO *b, char *p, int n)
{
    size_t have = wire_in->end - wire_in->start;
    BIO_clear_retry_flags(b);
    if (have == 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    size_t take = have < (size_t)n ? have : (size_t)n;
    memcpy(p, wire_in->b + wire_in->start, take);
    wire_in->start += take;
    if (wire_in->start == wire_in->end)
        wire_in->start = wire_in->end = 0;
    return (int)take;
}

static long wire_ctrl(BIO *b, int cmd, long num, void *ptr)
{
    return cmd == BIO_CTRL_FLUSH;
}

static int wire_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

static void must(int ok, const char *what)
{
    if (ok != 1) {
        ERR_print_errors_fp(stderr);
        die("libssl: %s", what);
    }
}

static SSL_CTX *make_ctx(const char *dir, enum side side)
{
    const char *me   = side == SERVER ? "server" : "client";
    const char *root = bench_file(dir, side == SERVER ? "client-root.pem" : "server-root.pem");
    char        chain[64], key[64];
    SSL_CTX    *ctx = SSL_CTX_new(side == SERVER ? TLS_server_method() : TLS_client_method());
    snprintf(chain, sizeof chain, "%s-chain.pem", me);
    snprintf(key, sizeof key, "%s-key.pem", me);
    must(ctx != NULL, "SSL_CTX_new");
    must(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION), "version");
    must(SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"), "suites");
    must(SSL_CTX_set1_groups_list(ctx, "X25519") == 1, "groups");
    must(SSL_CTX_use_certificate_chain_file(ctx, bench_file(dir, chain)), "chain");
    must(SSL_CTX_use_PrivateKey_file(ctx, bench_file(dir, key), SSL_FILETYPE_PEM), "key");
    must(SSL_CTX_load_verify_locations(ctx, root, NULL), "root");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    if (side == SERVER) {
        must(SSL_CTX_set_num_tickets(ctx, 0), "tickets");
        SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(root));
    }
    return ctx;
}

static void libssl_setup(const char *dir)
{
    wire_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    BIO_meth_set_write(wire_method, wire_write);
    BIO_meth_set_read(wire_method, wire_read);
    BIO_meth_set_ctrl(wire_method, wire_ctrl);
    BIO_meth_set_create(wire_method, wire_create);
    ctx_of[CLIENT] = make_ctx(dir, CLIENT);
    ctx_of[SERVER] = make_ctx(dir, SERVER);
}

static void *libssl_open(enum side side)
{
    SSL *ssl = SSL_new(ctx_of[side]);
    BIO *bio = BIO_new(wire_method);
    must(ssl != NULL && bio != NULL, "SSL_new");
    SSL_set_bio(ssl, bio, bio);
    if (side == SERVER) {
        SSL_set_accept_state(ssl);
        return ssl;
    }
    SSL_set_connect_state(ssl);
    must(SSL_set1_host(ssl, BENCH_HOST), "host");
    must((int)SSL_set_tlsext_host_name(ssl, BENCH_HOST), "server name");
    return ssl;
}

static void libssl_close(void *conn)
{
    SSL_set_shutdown(conn, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else its session may not be resumed */
    SSL_free(conn);
}

static enum went libssl_step(void *conn, struct wire *in, struct wire *out)
{
    wire_in = in, wire_out = out;
    int r = SSL_do_handshake(conn);
    if (r == 1)
        return SSL_get_verify_result(conn) == X509_V_OK && SSL_get0_peer_certificate(conn) ? DONE : BROKEN;
    return SSL_get_error(conn, r) == SSL_ERROR_WANT_READ ? GOES_ON : BROKEN;
}

static bool libssl_seal(void *conn, const uint8_t *p, struct wire *out)
{
    wire_out = out;
    return SSL_write(conn, p, BENCH_RECORD) == BENCH_RECORD;
}

static bool libssl_open_record(void *conn, uint8_t *p, struct wire *in)
{
    wire_in = in;
    return SSL_read(conn, p, BENCH_RECORD) == BENCH_RECORD;
}

static int keep(SSL *ssl, SSL_SESSION *s)
{
    SSL_SESSION_free(session);
    session = s;
    return 1;
}

static void resumed_setup(const char *dir)
{
    libssl_setup(dir);
    must(SSL_CTX_set_num_tickets(ctx_of[SERVER], 1), "tickets");
    must(SSL_CTX_set_session_id_context(ctx_of[SERVER], (const unsigned char *)"bench", 5), "context");
    SSL_CTX_set_session_cache_mode(ctx_of[CLIENT], SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx_of[CLIENT], keep);
}

static void *resumed_open(enum side side)
{
    SSL *ssl = libssl_open(side);
    if (side == CLIENT && session)
        must(SSL_set_session(ssl, session), "session");
    return ssl;
}

static void take_ticket(void *client, struct wire *in)
{
    char none[1];
    bool offered = session != NULL;
    wire_in      = in;
    SSL_read(client, none, sizeof none);
    if (!session || SSL_session_reused(client) != offered)
        die("libssl: no ticket came, or it was not taken");
}

const struct stack libssl_resumed_stack = {
    .name        = "libssl-resumed",
    .setup       = resumed_setup,
    .open        = resumed_open,
    .close       = libssl_close,
    .step        = libssl_step,
    .after       = take_ticket,
    .seal        = libssl_seal,
    .open_record = libssl_open_record,
};
const struct stack libssl_stack = {
    .name        = "libssl",
    .setup       = libssl_setup,
    .open        = libssl_open,
    .close       = libssl_close,
    .step        = libssl_step,
    .seal        = libssl_seal,
    .open_record = libssl_open_record,
};
