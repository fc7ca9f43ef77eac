/* SPDX-License-Identifier: Apache-2.0
 * der.c - the DER reader: every element by its tag, into the constructed ones. */
#include "fuzz.h"
#include "x509/alg.h"
#include "x509/oid.h"

enum { DEPTH_MAX = 16 };

static void primitive(struct rd *r, uint8_t tag)
{
    unsigned  unused;
    struct rd body = der_open(r, tag, DER_HEADER_CUT);
    switch (tag) {
    case DER_BOOLEAN:
        der_boolean(body);
        break;
    case DER_INTEGER:
        der_integer(body);
        der_unsigned(body);
        der_count(body);
        break;
    case DER_BIT_STRING:
        der_bits(body, &unused);
        break;
    case DER_NULL:
        der_null(body);
        break;
    case DER_OID:
        oid_of(der_oid(body));
        break;
    default:
        break;
    }
}

static void walk(struct rd *r, unsigned depth)
{
    while (der_more(r)) {
        uint8_t tag = *r->p;
        if (tag & 0x20 && depth < DEPTH_MAX) {
            struct rd body = der_open(r, tag, DER_HEADER_CUT);
            walk(&body, depth + 1);
        } else if (tag == DER_UTC_TIME) {
            der_time(r, DER_HEADER_CUT);
        } else if (tag == DER_GENERAL_TIME) {
            der_general_time(r, DER_HEADER_CUT);
        } else {
            primitive(r, tag);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct report   rep;
    hf_view         v = {data, n};
    struct der_item item;
    report_init(&rep);
    struct rd r = der_reader(v, &rep);
    walk(&r, 0);
    fuzz_judge(&rep, !report_bad(&rep));
    report_init(&rep);
    r = der_reader(v, &rep);
    spki_read(&r, DER_HEADER_CUT);
    for (hf_view rest = v; der_cut(&rest, &item);)
        always(item.whole.p >= data && item.whole.p + item.whole.n <= data + n);
    return 0;
}
