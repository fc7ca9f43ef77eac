/* SPDX-License-Identifier: Apache-2.0
 *
 * msg_hello.c - ClientHello, ServerHello, HelloRetryRequest, EncryptedExtensions (RFC 9846 4.2, 4.4.1).
 */
#include <string.h>

#include "msg.h"

/* 4.2.3: SHA-256 of "HelloRetryRequest". */
static const uint8_t retry_random[RANDOM_BYTES] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                                   0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                                   0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

struct rd msg_body(hf_view msg, struct report *rep, enum check malformed)
{
    struct rd r = rd_new(msg, rep, malformed);
    rd_bytes(&r, MSG_HEADER);
    return r;
}

size_t msg_open(struct wr *w, uint8_t type)
{
    wr_u8(w, type);
    return wr_open(w, 3);
}

void msg_close(struct wr *w, size_t mark)
{
    wr_close(w, mark, 3);
}

/* ---- ClientHello ---- */

bool client_hello_read(struct client_hello *m, hf_view msg, struct report *rep)
{
    struct rd r       = msg_body(msg, rep, CH_MALFORMED);
    *m                = (struct client_hello){.x.base = msg.p};
    m->legacy_version = rd_u16(&r);
    m->random         = rd_bytes(&r, RANDOM_BYTES);
    m->session_id     = rd_opaque(&r, 1);
    rd_need(&r, m->session_id.n <= SESSION_ID_MAX, CH_SESSION_ID, SESSION_ID_MAX, (int64_t)m->session_id.n);
    m->suites = rd_opaque(&r, 2);
    rd_need(&r, m->suites.n >= 2 && m->suites.n % 2 == 0, CH_SUITES, 2, (int64_t)m->suites.n);
    m->compression = rd_opaque(&r, 1);
    rd_need(&r, m->compression.n > 0 && memchr(m->compression.p, 0, m->compression.n), CH_COMPRESSION, 0,
            (int64_t)m->compression.n);
    if (rd_left(&r)) /* hellos older than TLS 1.2 may have no extensions at all */
        exts_read(&r, IN_CLIENT_HELLO, 0, &m->x);
    return rd_end(&r, CH_TRAILING);
}

static size_t ext_open(struct wr *w, uint16_t type)
{
    wr_u16(w, type);
    return wr_open(w, 2);
}

static void ext_list(struct wr *w, uint16_t type, unsigned prefix, hf_view list)
{
    size_t mark = ext_open(w, type);
    wr_vec(w, prefix, list);
    wr_close(w, mark, 2);
}

static void server_name_write(struct wr *w, const char *name)
{
    size_t ext = ext_open(w, XT_SERVER_NAME), list = wr_open(w, 2);
    wr_u8(w, 0);
    wr_vec(w, 2, (hf_view){(const uint8_t *)name, strlen(name)});
    wr_close(w, list, 2);
    wr_close(w, ext, 2);
}

static void shares_write(struct wr *w, const struct client_hello_out *m)
{
    size_t ext = ext_open(w, XT_KEY_SHARE), list = wr_open(w, 2);
    for (size_t i = 0; i < m->n_shares; i++) {
        wr_u16(w, m->shares[i].group);
        wr_vec(w, 2, m->shares[i].share);
    }
    wr_close(w, list, 2);
    wr_close(w, ext, 2);
}

void record_size_write(struct wr *w, uint16_t limit)
{
    if (!limit)
        return;
    size_t ext = ext_open(w, XT_RECORD_SIZE_LIMIT);
    wr_u16(w, limit);
    wr_close(w, ext, 2);
}

/* The hello has them as lists, an answer as one (RFC 7250 3). */
static void cert_type_write(struct wr *w, uint16_t type, unsigned prefix, hf_view types)
{
    if (!types.n)
        return;
    size_t ext = ext_open(w, type);
    if (prefix)
        wr_vec(w, prefix, types);
    else
        wr_view(w, types);
    wr_close(w, ext, 2);
}

void cert_types_write(struct wr *w, hf_view client, hf_view server)
{
    cert_type_write(w, XT_CLIENT_CERTIFICATE_TYPE, 0, client);
    cert_type_write(w, XT_SERVER_CERTIFICATE_TYPE, 0, server);
}

static uint32_t cert_type_lists_write(struct wr *w, const struct client_hello_out *m)
{
    cert_type_write(w, XT_CLIENT_CERTIFICATE_TYPE, 1, m->client_types);
    cert_type_write(w, XT_SERVER_CERTIFICATE_TYPE, 1, m->server_types);
    return (m->client_types.n ? X_CLIENT_CERT_TYPE : 0u) | (m->server_types.n ? X_SERVER_CERT_TYPE : 0u);
}

/* What only TLS 1.2 needs: RFC 7627, RFC 5746, RFC 8422 5.1.2. */
static uint32_t exts12_write(struct wr *w)
{
    static const uint8_t empty_info[] = {0}, uncompressed[] = {0};
    wr_close(w, ext_open(w, XT_EXTENDED_MASTER_SECRET), 2);
    size_t ext = ext_open(w, XT_RENEGOTIATION_INFO);
    wr_bytes(w, empty_info, 1);
    wr_close(w, ext, 2);
    ext_list(w, XT_EC_POINT_FORMATS, 1, (hf_view){uncompressed, 1});
    return X_EXTENDED_MASTER | X_RENEGOTIATION | X_POINT_FORMATS;
}

/* 4.3.11: the last extension, its binders the last bytes. */
static uint32_t psk_write(struct wr *w, const struct client_hello_out *m)
{
    static const uint8_t zeros[HASH_MAX];
    if (!m->n_psk)
        return 0;
    size_t ext = ext_open(w, XT_PRE_SHARED_KEY), list = wr_open(w, 2);
    for (size_t i = 0; i < m->n_psk; i++) {
        wr_vec(w, 2, m->psk[i].identity);
        wr_u32(w, m->psk[i].age);
    }
    wr_close(w, list, 2);
    list = wr_open(w, 2);
    for (size_t i = 0; i < m->n_psk; i++)
        wr_vec(w, 1, (hf_view){zeros, m->psk[i].binder_n});
    wr_close(w, list, 2);
    wr_close(w, ext, 2);
    return X_PSK;
}

static uint32_t client_exts_write(struct wr *w, const struct client_hello_out *m)
{
    uint32_t offered = X_GROUPS | X_SIG_ALGS | X_SIG_ALGS_CERT;
    if (m->server_name) {
        server_name_write(w, m->server_name);
        offered |= X_SERVER_NAME;
    }
    ext_list(w, XT_SUPPORTED_GROUPS, 2, m->groups);
    ext_list(w, XT_SIGNATURE_ALGORITHMS, 2, m->sig_algs);
    ext_list(w, XT_SIGNATURE_ALGORITHMS_CERT, 2, m->sig_algs_cert);
    if (m->tls12)
        offered |= exts12_write(w);
    if (m->status) {
        static const uint8_t ocsp[] = {STATUS_OCSP, 0, 0, 0, 0}; /* any responder, no extensions */
        size_t               ext    = ext_open(w, XT_STATUS_REQUEST);
        wr_bytes(w, ocsp, sizeof ocsp);
        wr_close(w, ext, 2);
        offered |= X_STATUS_REQUEST;
    }
    if (m->zips.n && m->versions.n)
        ext_list(w, XT_COMPRESS_CERTIFICATE, 1, m->zips);
    if (m->record_size) {
        record_size_write(w, m->record_size);
        offered |= X_RECORD_SIZE;
    }
    offered |= cert_type_lists_write(w, m);
    if (m->ca_names.n && m->versions.n)
        ext_list(w, XT_CERTIFICATE_AUTHORITIES, 2, m->ca_names);
    if (m->cookie.n) {
        ext_list(w, XT_COOKIE, 2, m->cookie);
        offered |= X_COOKIE;
    }
    if (m->alpn.n) {
        ext_list(w, XT_ALPN, 2, m->alpn);
        offered |= X_ALPN;
    }
    if (m->tickets && m->tls12) {
        wr_u16(w, XT_SESSION_TICKET);
        wr_vec(w, 2, m->ticket);
        offered |= X_TICKET;
    }
    if (m->versions.n) {
        ext_list(w, XT_SUPPORTED_VERSIONS, 1, m->versions);
        shares_write(w, m);
        offered |= X_VERSIONS | X_KEY_SHARE;
    }
    if ((m->tickets || m->n_psk) && m->versions.n)
        ext_list(w, XT_PSK_KEY_EXCHANGE_MODES, 1, (hf_view){(const uint8_t[]){PSK_DHE_KE}, 1});
    return offered | psk_write(w, m);
}

uint32_t client_hello_write(struct wr *w, const struct client_hello_out *m)
{
    size_t msg = msg_open(w, HT_CLIENT_HELLO);
    wr_u16(w, TLS12);
    wr_bytes(w, m->random, RANDOM_BYTES);
    wr_vec(w, 1, m->session_id);
    wr_vec(w, 2, m->suites);
    wr_vec(w, 1, (hf_view){(const uint8_t[]){0}, 1});
    size_t   exts    = wr_open(w, 2);
    uint32_t offered = client_exts_write(w, m);
    wr_close(w, exts, 2);
    msg_close(w, msg);
    return offered;
}

/* ---- ServerHello, HelloRetryRequest ---- */

bool hello_is_retry(hf_view random)
{
    return random.n == RANDOM_BYTES && memcmp(random.p, retry_random, RANDOM_BYTES) == 0;
}

bool server_hello_read(struct server_hello *m, hf_view msg, uint32_t offered, struct report *rep)
{
    struct rd r       = msg_body(msg, rep, SH_MALFORMED);
    *m                = (struct server_hello){.x.base = msg.p};
    m->legacy_version = rd_u16(&r);
    m->random         = rd_bytes(&r, RANDOM_BYTES);
    m->retry          = hello_is_retry(m->random);
    m->session_id     = rd_opaque(&r, 1);
    rd_need(&r, m->session_id.n <= SESSION_ID_MAX, SH_SESSION_ID_LEN, SESSION_ID_MAX, (int64_t)m->session_id.n);
    m->suite_at          = (uint32_t)rd_at(&r);
    m->suite             = rd_u16(&r);
    m->compression       = rd_u8(&r);
    enum ext_where where = m->retry                              ? IN_HELLO_RETRY
                           : exts_have(r, XT_SUPPORTED_VERSIONS) ? IN_SERVER_HELLO
                                                                 : IN_SERVER_HELLO_12;
    if (rd_left(&r)) /* a server older than TLS 1.3 may send none */
        exts_read(&r, where, offered, &m->x);
    return rd_end(&r, SH_TRAILING);
}

void server_hello_write(struct wr *w, const struct server_hello_out *m)
{
    size_t msg = msg_open(w, HT_SERVER_HELLO);
    wr_u16(w, TLS12);
    wr_bytes(w, m->random ? m->random : retry_random, RANDOM_BYTES);
    wr_vec(w, 1, m->session_id);
    wr_u16(w, m->suite);
    wr_u8(w, 0);
    size_t exts = wr_open(w, 2), ext; /* in the order of RFC 8448 */
    if (m->psk) {
        ext = ext_open(w, XT_PRE_SHARED_KEY);
        wr_u16(w, m->psk_selected);
        wr_close(w, ext, 2);
    }
    ext = ext_open(w, XT_KEY_SHARE);
    wr_u16(w, m->group);
    if (m->random)
        wr_vec(w, 2, m->share);
    wr_close(w, ext, 2);
    ext = ext_open(w, XT_SUPPORTED_VERSIONS);
    wr_u16(w, TLS13);
    wr_close(w, ext, 2);
    wr_close(w, exts, 2);
    msg_close(w, msg);
}

/* ---- EncryptedExtensions ---- */

bool enc_exts_read(struct exts *x, hf_view msg, uint32_t offered, struct report *rep)
{
    struct rd r = msg_body(msg, rep, EE_MALFORMED);
    exts_read(&r, IN_ENCRYPTED_EXTENSIONS, offered, x);
    return rd_end(&r, EE_TRAILING);
}

void enc_exts_write(struct wr *w, const struct enc_exts_out *m)
{
    size_t msg = msg_open(w, HT_ENCRYPTED_EXTENSIONS), exts = wr_open(w, 2);
    if (m->server_name)
        wr_close(w, ext_open(w, XT_SERVER_NAME), 2);
    record_size_write(w, m->record_size);
    cert_types_write(w, m->client_types, m->server_types);
    if (m->alpn.n) {
        size_t ext = ext_open(w, XT_ALPN), list = wr_open(w, 2);
        wr_vec(w, 1, m->alpn);
        wr_close(w, list, 2);
        wr_close(w, ext, 2);
    }
    wr_close(w, exts, 2);
    msg_close(w, msg);
}
