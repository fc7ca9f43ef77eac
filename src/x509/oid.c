/* SPDX-License-Identifier: Apache-2.0
 *
 * oid.c - finding an OID without comparing it with a hundred others: what stands in front of its last byte
 * is one of some families, and each family has a table over the last byte. A row of oid.def that is there
 * twice does not compile.
 */
#include "oid.h"

#include <string.h>

#include "base/text.h"

/* clang-format off */
#define B_AT          0x55, 0x04                                             /* 2.5.4 */
#define B_CE          0x55, 0x1d                                             /* 2.5.29 */
#define B_KP          0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03               /* 1.3.6.1.5.5.7.3 */
#define B_EC_SHA2     0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03               /* 1.2.840.10045.4.3 */
#define B_EC_KEYS     0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02                     /* 1.2.840.10045.2 */
#define B_EC_PRIME    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01               /* 1.2.840.10045.3.1 */
#define B_EC_CERTICOM 0x2b, 0x81, 0x04, 0x00                                 /* 1.3.132.0 */
#define B_PKCS1       0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01         /* 1.2.840.113549.1.1 */
#define B_NIST_HASH   0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02         /* 2.16.840.1.101.3.4.2 */
#define B_EDWARDS     0x2b, 0x65                                             /* 1.3.101 */
#define B_PE          0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01               /* 1.3.6.1.5.5.7.1 */
#define B_AD          0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30               /* 1.3.6.1.5.5.7.48 */
#define B_PILOT       0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01   /* 0.9.2342.19200300.100.1 */
#define B_PKCS9       0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09         /* 1.2.840.113549.1.9 */
#define B_CE_POLICY   0x55, 0x1d, 0x20                                       /* 2.5.29.32 */
#define B_CE_EKU      0x55, 0x1d, 0x25                                       /* 2.5.29.37 */
#define B_CT          0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04   /* 1.3.6.1.4.1.11129.2.4 */
#define B_OCSP        0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01         /* 1.3.6.1.5.5.7.48.1 */
#define B_QT          0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02               /* 1.3.6.1.5.5.7.2 */
#define B_ON          0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08               /* 1.3.6.1.5.5.7.8 */
#define B_MS_LOGON    0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x14, 0x02   /* 1.3.6.1.4.1.311.20.2 */
#define B_EC_SIG      0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04                     /* 1.2.840.10045.4 */
#define B_DSS         0x2a, 0x86, 0x48, 0xce, 0x38, 0x04                     /* 1.2.840.10040.4 */
#define B_NIST_SIG    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03         /* 2.16.840.1.101.3.4.3 */
#define B_RSADSI      0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02               /* 1.2.840.113549.2 */
#define B_OIW         0x2b, 0x0e, 0x03, 0x02                                 /* 1.3.14.3.2 */

/* Most wanted first: oid_of looks in this order. */
#define FAMILIES                                                                                                       \
    F(AT) F(CE) F(KP) F(EC_SHA2) F(EC_KEYS) F(EC_PRIME) F(EC_CERTICOM) F(PKCS1) F(NIST_HASH) F(EDWARDS) F(PE)          \
    F(AD) F(PILOT) F(PKCS9) F(CE_POLICY) F(CE_EKU) F(CT) F(OCSP) F(QT) F(ON) F(MS_LOGON) F(EC_SIG) F(DSS)              \
    F(NIST_SIG) F(RSADSI) F(OIW)
/* clang-format on */

enum { FAMILY_BYTES = 9, LAST_END = 128 };

enum family {
#define F(name) FAMILY_##name,
    FAMILIES
#undef F
        N_FAMILIES
};

static const struct {
    uint8_t n, p[FAMILY_BYTES];
} families[N_FAMILIES] = {
#define F(name) {sizeof((uint8_t[]){B_##name}), {B_##name}},
    FAMILIES
#undef F
};

/* By family and last byte: the enum oid. */
static const uint8_t numbers[N_FAMILIES][LAST_END] = {
#define OID(name, family, last, text) [FAMILY_##family][last] = OID_##name,
#include "oid.def"
#undef OID
};

static const struct {
    const char *text;
    uint8_t     n, p[FAMILY_BYTES + 1];
} rows[N_OIDS] = {
    [OID_UNKNOWN] = {"", 0, {0}},
#define OID(name, family, last, text) [OID_##name] = {text, sizeof((uint8_t[]){B_##family, last}), {B_##family, last}},
#include "oid.def"
#undef OID
};

enum oid oid_of(hf_view v)
{
    if (v.n < 2 || v.n > FAMILY_BYTES + 1 || v.p[v.n - 1] >= LAST_END)
        return OID_UNKNOWN;
    for (size_t i = 0; i < N_FAMILIES; i++)
        if (families[i].n == v.n - 1 && memcmp(families[i].p, v.p, v.n - 1) == 0)
            return (enum oid)numbers[i][v.p[v.n - 1]];
    return OID_UNKNOWN;
}

hf_view oid_bytes(enum oid o)
{
    return (hf_view){rows[o].p, rows[o].n};
}

const char *oid_name(enum oid o)
{
    return rows[o].text;
}

/* The next arc at *at; arcs of more than 64 bits keep their low bits, nobody uses such. */
static uint64_t arc(hf_view v, size_t *at)
{
    uint64_t a = 0;
    while (*at < v.n) {
        uint8_t b = v.p[(*at)++];
        a         = a << 7 | (b & 0x7f);
        if (!(b & 0x80))
            break;
    }
    return a;
}

size_t oid_dotted(hf_view v, char *out, size_t room)
{
    size_t   i = 0, n = 0, keep = 0;
    uint64_t first = arc(v, &i), top = first < 80 ? first / 40 : 2;
    if (room == 0)
        return 0;
    out[0] = '\0';
    n      = text_add(out, room, 0, "%u.%llu", (unsigned)top, (unsigned long long)(first - top * 40));
    while (i < v.n) {
        keep = n + 4 <= room ? n : keep;
        n    = text_add(out, room, n, ".%llu", (unsigned long long)arc(v, &i));
        if (n + 1 == room)
            return text_add(out, room, keep, "...");
    }
    return n;
}

size_t oid_text(hf_view v, char *out, size_t room)
{
    enum oid o = oid_of(v);
    if (o == OID_UNKNOWN)
        return oid_dotted(v, out, room);
    if (room)
        out[0] = '\0';
    return text_add(out, room, 0, "%s", oid_name(o));
}
