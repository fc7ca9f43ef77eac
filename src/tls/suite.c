/* SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

#include "tls/codes.h"

static const struct suite suites[] = {
    {0x1301, AEAD_AES_128_GCM, HASH_SHA256, AUTH_13},        {0x1302, AEAD_AES_256_GCM, HASH_SHA384, AUTH_13},
    {0x1303, AEAD_CHACHA20_POLY1305, HASH_SHA256, AUTH_13},  {0xc02b, AEAD_AES_128_GCM, HASH_SHA256, AUTH_ECDSA},
    {0xc02c, AEAD_AES_256_GCM, HASH_SHA384, AUTH_ECDSA},     {0xcca9, AEAD_CHACHA20_POLY1305, HASH_SHA256, AUTH_ECDSA},
    {0xc02f, AEAD_AES_128_GCM, HASH_SHA256, AUTH_RSA},       {0xc030, AEAD_AES_256_GCM, HASH_SHA384, AUTH_RSA},
    {0xcca8, AEAD_CHACHA20_POLY1305, HASH_SHA256, AUTH_RSA},
};

#define PSS(hash, len)                                                                                                 \
    {                                                                                                                  \
        SIG_RSA_PSS, hash, hash, len                                                                                   \
    }
static const struct scheme schemes[] = {
    {0x0403, KEY_EC_P256, {SIG_ECDSA, HASH_SHA256}, true},  {0x0503, KEY_EC_P384, {SIG_ECDSA, HASH_SHA384}, true},
    {0x0603, KEY_EC_P521, {SIG_ECDSA, HASH_SHA512}, true},  {0x0807, KEY_ED25519, {SIG_ED25519}, true},
    {0x0804, KEY_RSA, PSS(HASH_SHA256, 32), true},          {0x0805, KEY_RSA, PSS(HASH_SHA384, 48), true},
    {0x0806, KEY_RSA, PSS(HASH_SHA512, 64), true},          {0x0809, KEY_RSA_PSS, PSS(HASH_SHA256, 32), true},
    {0x080a, KEY_RSA_PSS, PSS(HASH_SHA384, 48), true},      {0x080b, KEY_RSA_PSS, PSS(HASH_SHA512, 64), true},
    {0x0401, KEY_RSA, {SIG_RSA_PKCS1, HASH_SHA256}, false}, {0x0501, KEY_RSA, {SIG_RSA_PKCS1, HASH_SHA384}, false},
    {0x0601, KEY_RSA, {SIG_RSA_PKCS1, HASH_SHA512}, false},
};
#undef PSS

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

const struct suite *suite_of(uint16_t code)
{
    for (size_t i = 0; i < COUNT(suites); i++)
        if (suites[i].code == code)
            return &suites[i];
    return NULL;
}

enum suite_auth suite_auth_of(enum key_kind key)
{
    return key == KEY_RSA || key == KEY_RSA_PSS ? AUTH_RSA : AUTH_ECDSA;
}

uint16_t curve_of(enum key_kind key)
{
    return key == KEY_EC_P256 ? KX_P256 : key == KEY_EC_P384 ? KX_P384 : key == KEY_EC_P521 ? KX_P521 : 0;
}

bool scheme_fits(const struct scheme *s, enum key_kind key, uint16_t version)
{
    if (version != TLS12)
        return s->in_handshake && s->key == key;
    if (s->how.kind == SIG_ECDSA)
        return key == KEY_EC_P256 || key == KEY_EC_P384 || key == KEY_EC_P521;
    return s->key == key;
}

const struct scheme *scheme_of(uint16_t code)
{
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (schemes[i].code == code)
            return &schemes[i];
    return NULL;
}

const struct scheme *scheme_of_signature(const struct sig_how *how, enum key_kind signer)
{
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (schemes[i].how.kind == how->kind && schemes[i].how.hash == how->hash && schemes[i].key == signer)
            return &schemes[i];
    return NULL;
}

bool codes_have(hf_view list, uint16_t code)
{
    for (size_t i = 0; i < codes_n(list); i++)
        if (codes_at(list, i) == code)
            return true;
    return false;
}
