/* SPDX-License-Identifier: Apache-2.0
 * peer_kind.c - see peer_kind.h. */
#include "peer_kind.h"

#include <string.h>

#include "tls/suite.h"

enum { STARTS_MAX = 6 };

static const struct {
    enum peer_kind kind;
    const char    *name;
    uint16_t       starts[STARTS_MAX]; /* 0: as many as that */
    const char    *programs;
} kinds[] = {
    {PEER_OPENSSL,
     "OpenSSL",
     {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809},
     "nginx HAProxy Apache stunnel openssl Node Python"},
    {PEER_JAVA, "Java", {0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804}, "Java"},
    {PEER_GO, "Go", {0x0804, 0x0403, 0x0807, 0x0805}, "Go ghostunnel"},
    {PEER_GNUTLS, "GnuTLS", {0x0401, 0x0809, 0x0804, 0x0403}, "GnuTLS"},
    {PEER_BORINGSSL, "BoringSSL", {0x0403, 0x0804, 0x0401, 0x0503}, "Envoy"},
    {PEER_HANDFAST, "handfast", {0x0403, 0x0807, 0x0503}, "handfast"},
};

static bool starts_with(hf_view list, const uint16_t *codes)
{
    for (size_t i = 0; i < STARTS_MAX && codes[i]; i++)
        if (i >= codes_n(list) || codes_at(list, i) != codes[i])
            return false;
    return true;
}

enum peer_kind peer_kind_of(hf_view sig_algs)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (starts_with(sig_algs, kinds[i].starts))
            return kinds[i].kind;
    return PEER_UNKNOWN;
}

const char *peer_kind_name(enum peer_kind k)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == k)
            return kinds[i].name;
    return "";
}

bool peer_kind_has(enum peer_kind k, const char *program)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == k)
            return strstr(kinds[i].programs, program) != NULL;
    return false;
}
