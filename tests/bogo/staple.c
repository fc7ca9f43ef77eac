/* SPDX-License-Identifier: Apache-2.0
 *
 * staple.c - OCSP responses in the runner's tests. They are arbitrary bytes: the library would neither send nor take
 * them, so ours are put into the sealed credential, and the peer's chain is not judged where a test is about them.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tls/config.h"

uint8_t *unbase64(const char *text, size_t *n)
{
    size_t   len = strlen(text), pad = 0;
    uint8_t *out = malloc(len + 1);
    while (pad < len && text[len - 1 - pad] == '=')
        pad++;
    int got = EVP_DecodeBlock(out, (const uint8_t *)text, (int)len);
    *n      = got < (int)pad ? 0 : (size_t)got - pad;
    return out;
}

void staple_config(hf_config *cfg, const struct plan *p)
{
    hf_config_staple(cfg, p->enable_ocsp_stapling && !p->server ? HF_ASK : HF_DONT_ASK);
    if (p->enable_ocsp_stapling)
        hf_config_insecure_unverified(cfg, !p->server);
}

void staple_give(struct setup *s, const struct plan *p)
{
    for (size_t i = 0; i < CREDS_MAX; i++) {
        size_t   n;
        hf_cred *c = s->cred[i];
        if (!c || !p->cred[i].ocsp_response || p->decline_ocsp_callback)
            continue;
        uint8_t *bytes  = unbase64(p->cred[i].ocsp_response, &n);
        c->staple       = mem_copy(&c->mem, bytes, n);
        c->staple_n     = n;
        c->staple_until = INT64_MAX;
        free(bytes);
    }
}

bool staple_expected(const struct talk *t)
{
    size_t  n;
    hf_view got  = hf_conn_staple(t->conn);
    bool    gone = hf_conn_resumed(t->conn) && hf_conn_version(t->conn) == 0x0303; /* is no part of such a session */
    if (!t->plan->expect_ocsp_response || gone)
        return true;
    uint8_t *wanted = unbase64(t->plan->expect_ocsp_response, &n);
    bool     ok     = n == got.n && memcmp(wanted, got.p, n) == 0;
    free(wanted);
    return ok || bad("another OCSP response came: %zu bytes", got.n);
}
