/* SPDX-License-Identifier: Apache-2.0
 *
 * raw.c - the yardstick: what the arithmetic of one side of a full mutual handshake costs in this libcrypto,
 * asked for in the cheapest way we know, without TLS and without handfast. Nothing is remembered from one
 * round of the sequence to the next but what a server may make once at start (its own key, contexts, fetched
 * algorithms).
 *
 *   raw DIR [rounds]
 *
 *   raw_sum: X25519 key generation and derivation, one ECDSA signature, three ECDSA verifications with the
 *            import of the point; the schedule and the AEAD keys stand beside it, floor is all of it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the low-level calls are the cheap ones: that is the point here */
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include "bench.h"

enum { N_SIGS = 3, TRANSCRIPT = 3000, POINT = 65, N_HMACS = 26, N_AEAD = 4 };

/* Three signers with a signature each, as a server meets them: root over intermediate, intermediate over
 * leaf, leaf over the transcript. */
static struct {
    EC_KEY  *key;
    uint8_t  point[POINT], digest[32], sig[80];
    unsigned sig_n;
} signer[N_SIGS];

static EVP_PKEY     *peer_x25519;
static EVP_PKEY_CTX *keygen;
static EVP_CIPHER   *gcm;
static EC_GROUP     *p256;
static EC_KEY       *slot; /* reused for every imported point */
static EC_POINT     *slot_point;

enum step { KEYGEN, DERIVE, SIGN, IMPORT, VERIFY, SCHEDULE, AEAD, N_STEPS };
static const char *const step_name[N_STEPS] = {"keygen_us",  "derive_us",   "sign_us",     "import3_us",
                                               "verify3_us", "schedule_us", "aead_keys_us"};

static void must(bool ok, const char *what)
{
    if (!ok)
        die("raw: %s", what);
}

static void prepare(void)
{
    keygen = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
    gcm    = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
    p256   = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    must(keygen && gcm && p256 && EVP_PKEY_keygen_init(keygen) == 1, "libcrypto lacks something");
    peer_x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    slot        = EC_KEY_new();
    slot_point  = EC_POINT_new(p256);
    EC_KEY_set_group(slot, p256);
    for (int i = 0; i < N_SIGS; i++) {
        signer[i].key = EC_KEY_new();
        EC_KEY_set_group(signer[i].key, p256);
        must(EC_KEY_generate_key(signer[i].key) == 1, "key");
        EC_POINT_point2oct(p256, EC_KEY_get0_public_key(signer[i].key), POINT_CONVERSION_UNCOMPRESSED, signer[i].point,
                           POINT, NULL);
        memset(signer[i].digest, i + 1, 32);
        must(ECDSA_sign(0, signer[i].digest, 32, signer[i].sig, &signer[i].sig_n, signer[i].key) == 1, "signature");
    }
}

/* HMAC-SHA256 of one block over bare SHA-256: two hashes of 96 bytes. */
static void hmac_block(uint8_t out[32], const uint8_t key[32], const uint8_t data[32])
{
    uint8_t    pad[64];
    SHA256_CTX c;
    memset(pad, 0x36, sizeof pad);
    for (int i = 0; i < 32; i++)
        pad[i] ^= key[i];
    SHA256_Init(&c);
    SHA256_Update(&c, pad, 64);
    SHA256_Update(&c, data, 32);
    SHA256_Final(out, &c);
    for (int i = 0; i < 64; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    SHA256_Init(&c);
    SHA256_Update(&c, pad, 64);
    SHA256_Update(&c, out, 32);
    SHA256_Final(out, &c);
}

/* One transcript, four snapshots of it, 3 extracts, 18 expansions, 2 Finished and what they are made from. */
static void schedule(const uint8_t secret[32])
{
    static const uint8_t flight[TRANSCRIPT];
    uint8_t              key[32], out[32];
    SHA256_CTX           run, snap;
    SHA256_Init(&run);
    for (int i = 0; i < 4; i++) {
        SHA256_Update(&run, flight, TRANSCRIPT / 4);
        snap = run;
        SHA256_Final(out, &snap);
    }
    memcpy(key, secret, 32);
    for (int i = 0; i < N_HMACS; i++) {
        hmac_block(out, key, out);
        memcpy(key, out, 32);
    }
}

static void derive(EVP_PKEY *mine, EVP_PKEY *peer, uint8_t out[32])
{
    uint8_t share[32];
    size_t  n = 32;
    must(EVP_PKEY_get_raw_public_key(peer, share, &n) == 1, "share");
    EVP_PKEY     *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, share, 32);
    EVP_PKEY_CTX *c      = EVP_PKEY_CTX_new(mine, NULL);
    must(EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer_ex(c, theirs, 0) == 1 &&
             EVP_PKEY_derive(c, out, &n) == 1,
         "derive");
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(theirs);
}

static void aead_key(const uint8_t key[16])
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    must(EVP_EncryptInit_ex2(c, gcm, key, key, NULL) == 1, "aead");
    EVP_CIPHER_CTX_free(c);
}

static double lap(uint64_t *t)
{
    uint64_t now = cpu_ns();
    double   ns  = (double)(now - *t) - clock_cost_ns();
    *t           = now;
    return ns;
}

/* The whole sequence, in the order of a server's handshake. */
static void sequence(double spent[N_STEPS])
{
    EVP_PKEY *mine = NULL;
    uint8_t   secret[32], sig[80];
    unsigned  sig_n;
    uint64_t  t = cpu_ns();
    must(EVP_PKEY_keygen(keygen, &mine) == 1, "keygen");
    spent[KEYGEN] += lap(&t);
    derive(mine, peer_x25519, secret);
    EVP_PKEY_free(mine);
    spent[DERIVE] += lap(&t);
    must(ECDSA_sign(0, signer[0].digest, 32, sig, &sig_n, signer[0].key) == 1, "sign");
    spent[SIGN] += lap(&t);
    for (int i = 0; i < N_SIGS; i++) {
        must(EC_POINT_oct2point(p256, slot_point, signer[i].point, POINT, NULL) == 1 &&
                 EC_KEY_set_public_key(slot, slot_point) == 1,
             "import");
        spent[IMPORT] += lap(&t);
        must(ECDSA_verify(0, signer[i].digest, 32, signer[i].sig, (int)signer[i].sig_n, slot) == 1, "verify");
        spent[VERIFY] += lap(&t);
    }
    schedule(secret);
    spent[SCHEDULE] += lap(&t);
    for (int i = 0; i < N_AEAD; i++)
        aead_key(secret);
    spent[AEAD] += lap(&t);
}

int main(int argc, char **argv)
{
    int    n              = argc > 2 ? atoi(argv[2]) : 300;
    double spent[N_STEPS] = {0}, none[N_STEPS] = {0}, sum = 0;
    prepare();
    for (int i = 0; i < 20; i++)
        sequence(none);
    for (int i = 0; i < n; i++)
        sequence(spent);
    for (int i = 0; i < N_STEPS; i++) {
        print_us(step_name[i], spent[i] / n);
        sum += spent[i] / n;
        if (i == VERIFY)
            print_us("raw_sum_us", sum);
    }
    print_us("floor_us", sum);
    return 0;
}
