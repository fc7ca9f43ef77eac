/* SPDX-License-Identifier: Apache-2.0
 * psk.c - credentials that are external pre-shared keys, as the runner gives them: in base64. */
#include <stdlib.h>
#include <string.h>

#include "shim.h"
#include "tls/config.h"

bool psk_planned(const struct plan *p)
{
    bool any = false;
    for (size_t i = 1; i <= p->n_creds; i++)
        any = any || p->cred[i].psk_key;
    return any;
}

void psk_config(hf_config *cfg, const struct cred_plan *k)
{
    const char *field[3] = {k->psk_identity ? k->psk_identity : "", k->psk_context ? k->psk_context : "", k->psk_key};
    hf_view     v[3];
    for (size_t i = 0; i < 3; i++)
        v[i].p = unbase64(field[i], &v[i].n);
    hf_config_psk(cfg, v[0], v[1], v[2], k->psk_sha384 ? 384 : 256);
    for (size_t i = 0; i < 3; i++)
        free((void *)(uintptr_t)v[i].p);
}

int psk_used(const hf_conn *c, const struct plan *p)
{
    hf_view used  = hf_conn_psk(c);
    int     found = CRED_NONE;
    for (size_t i = 1; used.n && i <= p->n_creds; i++) {
        size_t   n;
        uint8_t *identity = p->cred[i].psk_key ? unbase64(p->cred[i].psk_identity, &n) : NULL;
        if (identity && n == used.n && memcmp(identity, used.p, n) == 0)
            found = (int)i - 1;
        free(identity);
    }
    return found;
}
