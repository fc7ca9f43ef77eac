/* SPDX-License-Identifier: Apache-2.0
 *
 * fd.c - the blocking helpers, over a pair of sockets: a conversation, a refusal whose alert arrives, a peer that is
 * silent and one that is gone. They read the clock themselves, so the certificates are of today.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/why.h"
#include "common/mint.h"

#include <cmocka.h> /* last: it has a macro that is called fail */

enum { SOON_MS = 20000, AT_ONCE_MS = 100, MUCH = 300000 };

static struct minted root, server, client;
static hf_config    *cfg[3]; /* client, server, client without a certificate */

static struct minted leaf_of(const char *cn, const char *eku, const char *san, bool ca, const struct minted *by)
{
    long today = (long)(time(NULL) - MINT_NOW_MS / 1000) / MINT_DAY;
    return mint(&(struct mint){
        .cn = cn, .eku = eku, .san = san, .ca = ca, .issuer = by, .from_days = today - 2, .to_days = today + 30});
}

static hf_config *config(enum hf_role role, const struct minted *leaf)
{
    hf_config *c   = hf_config_new(role);
    hf_trust  *t   = hf_trust_new();
    char      *pem = mint_pem((const struct minted *[]){&root, NULL});
    char      *own = leaf ? mint_pem((const struct minted *[]){leaf, NULL}) : NULL;
    char      *key = leaf ? mint_key_pem(leaf) : NULL;
    hf_why     why;
    assert_true(hf_trust_anchor_bytes(t, pem, strlen(pem), "root.pem"));
    hf_config_trust(c, t, HF_REQUIRE);
    if (leaf)
        hf_config_cred(c, mint_cred(own, key));
    assert_true(hf_config_seal(c, (int64_t)time(NULL) * 1000, &why));
    free(pem);
    free(own);
    free(key);
    return c;
}

static int prepare(void **state)
{
    root   = leaf_of("root", NULL, NULL, true, NULL);
    server = leaf_of("server", "serverAuth", "DNS:" MINT_HOST, false, &root);
    client = leaf_of("client", "clientAuth", "email:a@client.test", false, &root);
    cfg[0] = config(HF_CLIENT, &client);
    cfg[1] = config(HF_SERVER, &server);
    cfg[2] = config(HF_CLIENT, NULL);
    return 0;
}

static int forget(void **state)
{
    for (size_t i = 0; i < 3; i++)
        hf_config_free(cfg[i]);
    mint_free(&root);
    mint_free(&server);
    mint_free(&client);
    return 0;
}

/* ---- the server: what comes goes back ------------------------------------------------------------------- */

struct served {
    int      fd;
    bool     open;
    long     last; /* what the last receive gave */
    uint16_t check;
    size_t   n;
};

static void *serve(void *ctx)
{
    struct served *s = ctx;
    uint8_t        b[5000];
    hf_conn       *c = hf_conn_new(cfg[1], NULL);
    s->open          = hf_fd_handshake(c, s->fd, SOON_MS);
    while (s->open && (s->last = hf_fd_recv(c, s->fd, b, sizeof b, SOON_MS)) > 0) {
        s->n += (size_t)s->last;
        if (!hf_fd_send(c, s->fd, b, (size_t)s->last, SOON_MS))
            break;
    }
    s->check = hf_conn_why(c)->check;
    hf_fd_close(c, s->fd);
    hf_conn_free(c);
    return NULL;
}

static void start(struct served *s, int *ours, pthread_t *thread)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    *s    = (struct served){.fd = pair[1]};
    *ours = pair[0];
    assert_int_equal(pthread_create(thread, NULL, serve, s), 0);
}

/* ---- the cases ------------------------------------------------------------------------------------------- */

static void conversation(void **state)
{
    static uint8_t sent[MUCH], got[MUCH];
    struct served  s;
    pthread_t      thread;
    int            fd;
    start(&s, &fd, &thread);
    hf_conn *c = hf_conn_new(cfg[0], MINT_HOST);
    for (size_t i = 0; i < MUCH; i++)
        sent[i] = (uint8_t)(i * 31 + (i >> 9));
    assert_true(hf_fd_handshake(c, fd, SOON_MS));
    for (size_t at = 0, part = 7000; at < MUCH; at += part) {
        part = part < MUCH - at ? part : MUCH - at;
        assert_true(hf_fd_send(c, fd, sent + at, part, SOON_MS));
        for (size_t back = 0; back < part;) {
            long n = hf_fd_recv(c, fd, got + at + back, part - back, SOON_MS);
            assert_true(n > 0);
            back += (size_t)n;
        }
    }
    assert_memory_equal(sent, got, MUCH);
    assert_string_equal(hf_peer_subject(hf_conn_peer(c)), "CN=server,O=Test");
    assert_true(hf_peer_not_after(hf_conn_peer(c)) > time(NULL));
    hf_fd_close(c, fd);
    hf_conn_free(c);
    pthread_join(thread, NULL);
    assert_int_equal(s.n, MUCH);
    assert_int_equal(s.last, 0); /* the end in order */
    assert_int_equal(s.check, CHECK_NONE);
}

/* The client believes that it is done; the refusal comes when it reads. */
static void refused(void **state)
{
    struct served s;
    pthread_t     thread;
    int           fd;
    uint8_t       b[16];
    start(&s, &fd, &thread);
    hf_conn *c = hf_conn_new(cfg[2], MINT_HOST);
    assert_true(hf_fd_handshake(c, fd, SOON_MS));
    hf_fd_send(c, fd, "hello", 5, SOON_MS);
    assert_int_equal(hf_fd_recv(c, fd, b, sizeof b, SOON_MS), -1);
    assert_int_equal(hf_conn_why(c)->check, ALERT_RECEIVED);
    assert_int_equal(hf_conn_why(c)->alert, CERTIFICATE_REQUIRED);
    hf_fd_close(c, fd);
    hf_conn_free(c);
    pthread_join(thread, NULL);
    assert_false(s.open);
    assert_int_equal(s.check, CERT_NONE_FROM_CLIENT);
}

static void silent(void **state)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    hf_conn *c = hf_conn_new(cfg[0], MINT_HOST);
    assert_false(hf_fd_handshake(c, pair[0], AT_ONCE_MS));
    assert_int_equal(hf_conn_why(c)->check, FD_TIMEOUT);
    assert_int_equal(hf_conn_why(c)->origin, HF_BY_SYSTEM);
    close(pair[1]);
    hf_fd_close(c, pair[0]);
    hf_conn_free(c);
}

static void gone(void **state)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(pair[1]);
    hf_conn *c = hf_conn_new(cfg[0], MINT_HOST);
    assert_false(hf_fd_handshake(c, pair[0], SOON_MS));
    assert_int_equal(hf_conn_why(c)->check, FD_WRITE);
    hf_fd_close(c, pair[0]);
    hf_conn_free(c);
}

static void ends_in_the_handshake(void **state)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    hf_conn *c = hf_conn_new(cfg[1], NULL);
    shutdown(pair[1], SHUT_WR);
    assert_false(hf_fd_handshake(c, pair[0], SOON_MS));
    assert_int_equal(hf_conn_why(c)->check, END_IN_HANDSHAKE);
    hf_fd_close(c, pair[0]);
    close(pair[1]);
    hf_conn_free(c);
}

static void no_socket(void **state)
{
    hf_conn *c = hf_conn_new(cfg[1], NULL);
    assert_false(hf_fd_handshake(c, -1, AT_ONCE_MS));
    assert_true(hf_conn_why(c)->check == FD_TIMEOUT || hf_conn_why(c)->check == FD_READ);
    hf_conn_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conversation), cmocka_unit_test(refused),   cmocka_unit_test(silent),
        cmocka_unit_test(gone),         cmocka_unit_test(no_socket), cmocka_unit_test(ends_in_the_handshake),
    };
    return cmocka_run_group_tests_name("blocking helpers", tests, prepare, forget);
}
