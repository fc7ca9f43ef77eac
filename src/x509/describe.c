/* SPDX-License-Identifier: Apache-2.0
 *
 * describe.c - a certificate in one printable line, for logs: what it claims, proven by nobody.
 *
 *     subject "CN=alice,O=Example" names "URI:spiffe://example/alice" issuer "CN=CA" serial 0f3a
 *     valid 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z sha256 9c1f...
 */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/when.h"
#include "x509/cert.h"

enum { NAMES_SHOWN = 16 };

/* A line being written: what was wanted is counted, what has room is there. */
struct line {
    char  *p;
    size_t room, n; /* n: as if there were room */
};

static void add(struct line *l, const char *s)
{
    size_t len = strlen(s), left = l->n < l->room ? l->room - l->n : 0;
    if (left) {
        size_t k = len < left - 1 ? len : left - 1;
        memcpy(l->p + l->n, s, k);
        l->p[l->n + k] = '\0';
    }
    l->n += len;
}

static void add_dn(struct line *l, const char *label, hf_view name)
{
    char text[1024];
    dn_text(name, text, sizeof text);
    add(l, label);
    add(l, " \"");
    add(l, text);
    add(l, "\"");
}

/* In quotes; a name's own quotes as \x22 (a DN has escaped them already). */
static void add_name(struct line *l, const struct gen_name *g)
{
    char text[512], one[2] = {0};
    gen_name_text(g, text, sizeof text);
    add(l, " \"");
    for (const char *c = text; *c; c++) {
        one[0] = *c;
        add(l, *c == '"' && g->kind != NAME_DN ? "\\x22" : one);
    }
    add(l, "\"");
}

static void add_names(struct line *l, const struct cert *c)
{
    struct gen_name g;
    size_t          at = 0;
    unsigned        n  = 0;
    while (c->san.n && san_next(c->san, &at, &g)) {
        if (n == 0)
            add(l, " names");
        if (n++ == NAMES_SHOWN) {
            add(l, " ...");
            return;
        }
        add_name(l, &g);
    }
}

static void add_hex(struct line *l, const char *label, const uint8_t *p, size_t n)
{
    char text[2 * LIMIT_SERIAL + 3];
    text_hex(text, sizeof text, p, n, 0);
    add(l, label);
    add(l, text);
}

int hf_cert_describe(hf_view der, char *out, size_t room)
{
    struct line   l = {.p = out, .room = room};
    struct report rep;
    struct cert   c;
    uint8_t       digest[32];
    char          date[24];
    report_init(&rep);
    if (spki_alone(der)) {
        char name[SPKI_NAME_ROOM];
        add(&l, "raw public ");
        add(&l, spki_name(der, name));
        return (int)l.n;
    }
    if (!cert_parse(&c, der, &rep)) {
        add(&l, "not a certificate: ");
        add(&l, hf_check_info_of(rep.why.check)->title);
        return (int)l.n;
    }
    cert_sha256(&c, digest);
    add_dn(&l, "subject", c.subject);
    add_names(&l, &c);
    add_dn(&l, " issuer", c.issuer);
    add_hex(&l, " serial ", c.serial.p, c.serial.n);
    add(&l, " valid ");
    add(&l, when_text(c.not_before, date));
    add(&l, " to ");
    add(&l, when_text(c.not_after, date));
    add_hex(&l, " sha256 ", digest, sizeof digest);
    return (int)l.n;
}
