/* SPDX-License-Identifier: Apache-2.0
 * names.c - names in every form: Names in DER and as text, GeneralNames as text, host names, addresses, dates.
 *     input = form (1 byte), contents */
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "base/when.h"
#include "fuzz.h"
#include "x509/dn.h"
#include "x509/idna.h"
#include "x509/make.h"

enum { TEXT_MAX = 512 };

/* Two Names, one behind the other. */
static void der_names(hf_view v)
{
    struct report rep;
    report_init(&rep);
    struct rd r = der_reader(v, &rep);
    hf_view   a = dn_read(&r, DER_HEADER_CUT), b = dn_read(&r, DER_HEADER_CUT);
    char      text[TEXT_MAX], short_text[8];
    fuzz_judge(&rep, !report_bad(&rep));
    if (report_bad(&rep))
        return;
    always(dn_text(a, text, sizeof text) < sizeof text &&
           dn_text(b, short_text, sizeof short_text) < sizeof short_text);
    always(dn_equal(a, b) == dn_equal(b, a));
    always(!dn_equal(a, b) || (dn_hash(a) == dn_hash(b) && dn_within(a, b) && dn_within(b, a)));
}

/* What is written from a text reads back. */
static void text_name(const char *text)
{
    uint8_t       der[8192];
    struct report rep;
    struct wr     w = wr_fixed(der, sizeof der);
    report_init(&rep);
    bool ok = dn_write(&w, text, &rep);
    fuzz_judge(&rep, ok);
    if (!ok || w.full)
        return;
    struct rd r = der_reader(wr_done(&w), &rep);
    dn_read(&r, DER_HEADER_CUT);
    always(!report_bad(&rep) && rd_left(&r) == 0);
}

static void alt_names(const char *text)
{
    uint8_t         der[4096];
    struct report   rep;
    struct wr       w       = wr_fixed(der, sizeof der);
    struct alt_name names[] = {{NAME_DNS, text}, {NAME_IP, text}, {NAME_URI, text}, {NAME_MAIL, text}};
    dns_well_formed(text);
    for (size_t i = 0; i < 4; i++) {
        report_init(&rep);
        fuzz_judge(&rep, san_write(&w, names + i, 1, &rep));
    }
}

static void host(hf_view v, const char *text)
{
    uint8_t out[HOST_MAX], ip[16];
    char    ip_out[IP_TEXT];
    size_t  n = idna_to_ascii(v, out);
    always(n <= sizeof out);
    n = ip_parse(text, ip);
    always(n == 0 || n == 4 || n == 16);
    if (n)
        always(ip_parse(ip_text((hf_view){ip, n}, ip_out), ip) == n);
}

static void rest(hf_view v, const char *text)
{
    int64_t seconds;
    char    out[TEXT_MAX], date[24];
    always(text_printable(out, sizeof out, v.p, v.n) < sizeof out);
    if (when_parse(text, &seconds))
        when_text(seconds, date);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char text[TEXT_MAX];
    if (n == 0)
        return 0;
    hf_view v = {data + 1, n - 1};
    size_t  k = v.n < TEXT_MAX - 1 ? v.n : TEXT_MAX - 1;
    memcpy(text, v.p, k);
    text[k] = '\0';
    switch (data[0] % 5) {
    case 0:
        der_names(v);
        break;
    case 1:
        text_name(text);
        break;
    case 2:
        alt_names(text);
        break;
    case 3:
        host(v, text);
        break;
    default:
        rest(v, text);
    }
    return 0;
}
