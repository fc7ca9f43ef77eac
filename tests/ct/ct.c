/* SPDX-License-Identifier: Apache-2.0
 *
 * ct.c - no branch and no address depends on a secret: secrets are made undefined memory, and valgrind's memcheck
 * reports each jump and each address that is made of them. What is public again (a result, a MAC that is sent) is
 * made defined. The last case is the test of the test: memcmp does branch, and must be reported.
 *
 *     valgrind -q ct          TAP; `make ct`
 */
#include <stdio.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "base/ct.h"
#include "tls/keys12.h"
#include "tls/keys13.h"

static const uint8_t known[64] = "what is on the wire and known to everybody, here of sixty-four";
static uint8_t       secret[64], out[256];

static void hide(void *p, size_t n)
{
    VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void show(void *p, size_t n)
{
    VALGRIND_MAKE_MEM_DEFINED(p, n);
}

static struct secret hidden(void)
{
    struct secret s = {{7}};
    hide(&s, sizeof s);
    return s;
}

/* ---- what is looked at ---------------------------------------------------------------------------------- */

static void equal(void)
{
    for (size_t n = 0; n <= sizeof secret; n++) {
        bool same = ct_equal(secret, known, n);
        show(&same, sizeof same);
        out[0] = same;
    }
}

static void wipe(void)
{
    uint8_t b[64];
    memcpy(b, secret, sizeof b);
    ct_wipe(b, sizeof b);
}

static void finished(enum hash_alg alg)
{
    struct secret s = hidden();
    finished_mac(alg, &s, known, out);
    bool same = ct_equal(out, known, hash_len(alg));
    show(&same, sizeof same);
}

static void finished_256(void)
{
    finished(HASH_SHA256);
}

static void finished_384(void)
{
    finished(HASH_SHA384);
}

static void schedule(void)
{
    struct secret s, next;
    schedule_start(HASH_SHA256, (hf_view){secret, 32}, &s);
    schedule_next(HASH_SHA256, (hf_view){secret + 32, 32}, &s);
    derive_secret(HASH_SHA256, &s, "c hs traffic", known, &next);
    secret_update(HASH_SHA256, &next);
    expand_label(HASH_SHA256, &next, "key", (hf_view){0}, out, 32);
    export_keys(HASH_SHA256, &next, "EXPERIMENTAL", (hf_view){known, 5}, out, 48);
}

/* The binder of a PSK is a Finished under a secret that only the PSK makes. */
static void binder(void)
{
    struct secret s;
    schedule_start(HASH_SHA256, (hf_view){secret, 32}, &s);
    derive_secret(HASH_SHA256, &s, "res binder", known, &s);
    finished_mac(HASH_SHA256, &s, known, out);
    bool same = ct_equal(out, known, 32);
    show(&same, sizeof same);
}

static void prf(void)
{
    hf_view master = {secret, MASTER_BYTES};
    prf12(HASH_SHA256, master, "key expansion", (hf_view){known, 32}, (hf_view){known + 32, 32}, out, 104);
    prf12(HASH_SHA384, master, "client finished", (hf_view){known, 48}, (hf_view){0}, out, VERIFY_DATA_BYTES);
    bool same = ct_equal(out, known, VERIFY_DATA_BYTES);
    show(&same, sizeof same);
}

static void mac(void)
{
    hmac(HASH_SHA256, (hf_view){secret, 32}, (hf_view){secret + 32, 32}, out);
    hkdf_extract(HASH_SHA384, (hf_view){known, 48}, (hf_view){secret, 48}, out);
}

static void branches(void)
{
    out[0] = memcmp(secret, known, 32) ? 1 : 2;
}

/* ---- one case after the other --------------------------------------------------------------------------- */

static const struct look {
    const char *name;
    void (*at)(void);
    bool reported;
} looks[] = {
    {"comparing", equal, false},
    {"wiping", wipe, false},
    {"Finished with SHA-256", finished_256, false},
    {"Finished with SHA-384", finished_384, false},
    {"the key schedule of TLS 1.3", schedule, false},
    {"the binder of a ticket", binder, false},
    {"the PRF of TLS 1.2 and its Finished", prf, false},
    {"HMAC and HKDF", mac, false},
    {"memcmp is reported", branches, true},
};

int main(void)
{
    size_t n = sizeof looks / sizeof looks[0], failed = 0;
    if (!RUNNING_ON_VALGRIND || !crypto_init()) {
        printf("skipped: only valgrind sees it\n");
        return 77;
    }
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        hide(secret, sizeof secret);
        unsigned before = VALGRIND_COUNT_ERRORS;
        looks[i].at();
        bool ok = (VALGRIND_COUNT_ERRORS > before) == looks[i].reported;
        show(secret, sizeof secret);
        show(out, sizeof out);
        printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, looks[i].name);
        failed += !ok;
    }
    return failed > 0;
}
