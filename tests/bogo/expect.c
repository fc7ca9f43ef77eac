/* SPDX-License-Identifier: Apache-2.0
 *
 * expect.c - what the open connection must have come to, as the plan says. What the public API has no word for
 * (which credential was sent, whether there was a retry) is read from the trace.
 */
#include <stdlib.h>
#include <string.h>

#include "base/pem.h"
#include "base/text.h"
#include "shim.h"
#include "tls/codes.h"
#include "tls/conn.h"
#include "tls/msg12.h"

static bool same(const char *what, int64_t wanted, int64_t got)
{
    return wanted == 0 || wanted == got || bad("%s: wanted %lld, got %lld", what, (long long)wanted, (long long)got);
}

static bool same_text(const char *what, const char *wanted, const char *got)
{
    return strcmp(wanted ? wanted : "", got) == 0 || bad("%s: wanted %s, got %s", what, wanted ? wanted : "", got);
}

/* The last message of this type in this direction; NULL: there was none. */
static const hf_event *message(const hf_conn *c, bool sent, uint8_t type, unsigned *count)
{
    const hf_event *ev, *last = NULL;
    size_t          n = hf_conn_trace(c, &ev);
    *count            = 0;
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].sent == sent && ev[i].message == type) {
            last = &ev[i];
            ++*count;
        }
    return last;
}

hf_view first_finished(const hf_conn *c)
{
    const hf_event *ev;
    size_t          n = hf_conn_trace(c, &ev);
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == HF_EV_MESSAGE && ev[i].message == HT_FINISHED && ev[i].bytes.n > MSG_HEADER)
            return (hf_view){ev[i].bytes.p + MSG_HEADER, ev[i].bytes.n - MSG_HEADER};
    return (hf_view){0};
}

static bool retried(const struct talk *t)
{
    unsigned n;
    message(t->conn, !t->plan->server, HT_CLIENT_HELLO, &n);
    return n > 1;
}

/* -1: the default credential, and where there is none, that none was sent. */
static int credential_sent(const struct talk *t)
{
    unsigned        n;
    const hf_event *m = message(t->conn, true, HT_CERTIFICATE, &n);
    if (hf_conn_psk(t->conn).n)
        return psk_used(t->conn, t->plan);
    for (int i = CREDS_MAX - 1; m && t->conn->presented && i >= 0; i--)
        if (t->setup->cred[i] == t->conn->presented)
            return i - 1;
    return t->setup->cred[0] ? CRED_NONE : -1;
}

static bool peer_chain(const struct talk *t)
{
    hf_view          certs[32];
    size_t           n = hf_conn_claimed(t->conn, certs, 32), size, at = 0, i = 0;
    char            *text = slurp(t->plan->expect_peer_cert_file, &size);
    struct pem_block b;
    struct mem       m = {0};
    struct report    rep;
    bool             ok = true;
    report_init(&rep);
    for (; text && pem_next((hf_view){(uint8_t *)text, size}, &at, &b, &m, &rep); i++) {
        ok = ok && i < n && certs[i].n == b.n && memcmp(certs[i].p, b.der, b.n) == 0;
        pem_free(&b, &m);
    }
    free(text);
    return (ok && i == n) || bad("the peer's chain is another one");
}

static bool names(const struct talk *t)
{
    const struct plan *p = t->plan;
    if (p->expect_server_name && !same_text("server name", p->expect_server_name, hf_conn_server_name(t->conn)))
        return false;
    return same_text("alpn", p->server ? p->select_alpn : p->expect_alpn, hf_conn_alpn(t->conn));
}

static bool peer(const struct talk *t)
{
    const struct plan *p = t->plan;
    hf_view            leaf;
    bool               came = hf_conn_claimed(t->conn, &leaf, 1) > 0;
    if (hf_conn_psk(t->conn).n)
        return !came || bad("a key was used, and a certificate came");
    if (p->expect_no_peer_cert && came)
        return bad("the peer sent a certificate");
    if ((!p->server || p->require_any_client_certificate) && !p->expect_no_peer_cert && !came)
        return bad("the peer sent no certificate");
    if (came && !hf_conn_peer(t->conn) && !p->host_name && !p->enable_ocsp_stapling)
        return bad("the peer is not proven");
    if (p->expect_peer_cert_file && !peer_chain(t))
        return false;
    return same("peer's scheme", p->expect_peer_signature_algorithm, hf_conn_peer_scheme(t->conn));
}

/* ---- what the peer's messages said, read again from the trace ------------------------------------------------ */

/* The peer's signature_algorithms. */
static bool verify_prefs(const struct talk *t, hf_view codes)
{
    const struct codes_plan *wanted = &t->plan->expect_peer_verify_prefs;
    bool                     ok     = codes_n(codes) == wanted->n;
    for (size_t i = 0; ok && i < wanted->n; i++)
        ok = codes_at(codes, i) == wanted->v[i];
    return ok || bad("the peer lists other signature algorithms");
}

static bool client_offers(const struct talk *t)
{
    struct client_hello m;
    struct report       rep;
    unsigned            n;
    const char         *wanted = t->plan->expect_advertised_alpn;
    const hf_event     *ev     = message(t->conn, false, HT_CLIENT_HELLO, &n);
    report_init(&rep);
    if (!ev || !client_hello_read(&m, ev->bytes, &rep))
        return bad("no ClientHello");
    if (wanted && (m.x.alpn.n != strlen(wanted) || memcmp(m.x.alpn.p, wanted, m.x.alpn.n) != 0))
        return bad("the client offers other protocols");
    return !t->plan->expect_peer_verify_prefs.n || verify_prefs(t, m.x.sig_algs);
}

/* The names in hexadecimal with commas between them; "<EMPTY>": none. */
static bool names_equal(hf_view names, const char *wanted)
{
    char    text[16384];
    hf_view name;
    size_t  n = 0;
    for (size_t at = 0; list_next(names, 2, &at, &name);) {
        if (n)
            text[n++] = ',';
        n += text_hex(text + n, sizeof text - n, name.p, name.n, 0);
    }
    text[n] = '\0';
    return strcmp(n ? text : "<EMPTY>", wanted) == 0 || bad("CA names: wanted %s, got %s", wanted, text);
}

static bool types_equal(hf_view types, const char *wanted)
{
    size_t   n;
    uint8_t *bytes = unbase64(wanted, &n);
    bool     ok    = n == types.n && memcmp(bytes, types.p, n) == 0;
    free(bytes);
    return ok || bad("other certificate_types");
}

static bool request(const struct talk *t)
{
    struct cert_request m = {0};
    struct report       rep;
    unsigned            n;
    hf_view             types = {0};
    const hf_event     *ev    = message(t->conn, false, HT_CERTIFICATE_REQUEST, &n);
    report_init(&rep);
    if (ev && hf_conn_version(t->conn) == TLS12 ? !cert_request12_read(&m, &types, ev->bytes, &rep)
                                                : !ev || !cert_request_read(&m, ev->bytes, &rep))
        return bad("no CertificateRequest came");
    if (t->plan->expect_peer_verify_prefs.n && !verify_prefs(t, m.x.sig_algs))
        return false;
    if (t->plan->expect_certificate_types && !types_equal(types, t->plan->expect_certificate_types))
        return false;
    return !t->plan->expect_client_ca_list || names_equal(m.x.ca_names, t->plan->expect_client_ca_list);
}

bool expect_open(const struct talk *t)
{
    const struct plan *p     = t->plan;
    bool               asked = p->expect_client_ca_list || p->expect_certificate_types || p->expect_peer_verify_prefs.n;
    if (asked && !p->server && !request(t))
        return false;
    if ((p->expect_advertised_alpn || p->expect_peer_verify_prefs.n) && p->server && !client_offers(t))
        return false;
    if (!staple_expected(t) || !rawkey_expected(t))
        return false;
    if (p->expect_selected_credential != CRED_NONE && p->expect_selected_credential != credential_sent(t))
        return bad("credential: wanted %d, got %d", p->expect_selected_credential, credential_sent(t));
    if ((p->expect_hrr && !retried(t)) || (p->expect_no_hrr && retried(t)))
        return bad("HelloRetryRequest: wanted %d", p->expect_hrr);
    return same("version", p->expect_version, hf_conn_version(t->conn)) &&
           same("suite", p->expect_cipher ? p->expect_cipher : p->expect_cipher_aes, hf_conn_suite(t->conn)) &&
           same("group", p->expect_curve_id, hf_conn_group(t->conn)) && names(t) && peer(t);
}
