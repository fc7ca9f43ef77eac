/* SPDX-License-Identifier: Apache-2.0
 *
 * why_text.c - a failure as a person reads it: the only place where values become prose.
 *
 *   certificate[0]: the certificate has expired: CN=alice; notAfter 2026-01-01T00:00:00Z, now
 *   2026-11-24T08:15:00Z (327 days ago) [CERT_EXPIRED, expired, RFC 5280 6.1.3, byte 123, alert
 *   certificate_expired]. Renew the certificate.
 *
 * Which certificate, what is wrong, the name it is about, the two values compared in their unit; in brackets
 * what a program or a search needs; then what to do. Parts that say nothing are left out.
 */
#include <string.h>

#include "text.h"
#include "when.h"
#include "why.h"

enum { LINE_MAX_BYTES = 1024 };

struct line {
    char  *out;
    size_t room, at;
};

#define ADD(l, ...) ((l)->at = text_add((l)->out, (l)->room, (l)->at, __VA_ARGS__))

/* What the date of a check is called: the reason says it. */
static const char *date_name(const char *reason)
{
    if (strcmp(reason, "crl-expired") == 0)
        return "nextUpdate";
    if (strcmp(reason, "crl-not-yet-valid") == 0)
        return "thisUpdate";
    if (strcmp(reason, "revoked") == 0)
        return "revoked";
    if (strcmp(reason, "not-yet-valid") == 0)
        return "notBefore";
    return strstr(reason, "expir") ? "notAfter" : "date";
}

static void add_time(struct line *l, const hf_why *w, const char *reason)
{
    char    date[24], now[24], span[32];
    int64_t gap;
    if (__builtin_sub_overflow(w->got, w->want, &gap))
        gap = INT64_MAX;
    ADD(l, "; %s %s, now %s", date_name(reason), when_text(w->want, date), when_text(w->got, now));
    when_span(gap, span);
    if (w->got >= w->want)
        ADD(l, " (%s ago)", span);
    else
        ADD(l, " (in %s)", span);
}

/* The letter for hf_code_name of a unit that is a registry; 0: it is none. */
static char registry(const char *unit)
{
    static const struct {
        const char *unit;
        char        kind;
    } kinds[] = {{"suite", 's'}, {"group", 'g'}, {"sigalg", 'a'}, {"version", 'v'}, {"extension", 'x'}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(unit, kinds[i].unit) == 0)
            return kinds[i].kind;
    return 0;
}

static bool is_code(const char *unit)
{
    return registry(unit) || strcmp(unit, "code") == 0 || strcmp(unit, "message") == 0;
}

static void add_code(struct line *l, const char *lead, const char *unit, int64_t v)
{
    char kind = registry(unit);
    if (v < 0)
        ADD(l, "%snone", lead);
    else if (kind)
        ADD(l, "%s%s (0x%04llx)", lead, hf_code_name(kind, (uint16_t)v), (unsigned long long)v);
    else if (strcmp(unit, "message") == 0)
        ADD(l, "%s%s (%lld)", lead, hf_message_name((uint8_t)v), (long long)v);
    else
        ADD(l, "%s0x%02llx", lead, (unsigned long long)v);
}

/* A code 0 as the wanted one says that there is no single wanted one. */
static void add_codes(struct line *l, const hf_why *w, const char *unit)
{
    if (w->want == 0 && w->got == 0)
        return;
    if (w->want != 0)
        add_code(l, "; wanted ", unit, w->want);
    add_code(l, w->want != 0 ? ", got " : "; got ", unit, w->got);
}

/* Units that are sets of named bits: KeyUsage and ExtKeyUsage of RFC 5280 4.2.1.3 and 4.2.1.12, in the order of
 * src/x509/cert.h. */
static const char *const key_usage[] = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly",     NULL};
static const char *const eku[] = {"serverAuth",          "clientAuth",      "codeSigning",
                                  "emailProtection",     "timeStamping",    "OCSPSigning",
                                  "anyExtendedKeyUsage", "another purpose", NULL};

static void add_set(struct line *l, const char *lead, const char *const *names, int64_t set)
{
    bool first = true;
    ADD(l, "%s", lead);
    for (unsigned i = 0; names[i]; i++)
        if (set >> i & 1) {
            ADD(l, "%s%s", first ? "" : "+", names[i]);
            first = false;
        }
    if (first)
        ADD(l, "none");
}

static void add_sets(struct line *l, const hf_why *w, const char *const *names)
{
    add_set(l, "; wanted ", names, w->want);
    add_set(l, ", got ", names, w->got);
}

static void add_values(struct line *l, const hf_why *w, const hf_check_info *info)
{
    const char *unit = info->unit;
    if (!*unit)
        return;
    if (strcmp(unit, "time") == 0)
        add_time(l, w, info->reason);
    else if (strcmp(unit, "key-usage") == 0)
        add_sets(l, w, key_usage);
    else if (strcmp(unit, "eku") == 0)
        add_sets(l, w, eku);
    else if (is_code(unit))
        add_codes(l, w, unit);
    else
        ADD(l, "; wanted %lld, got %lld%s%s", (long long)w->want, (long long)w->got,
            strcmp(unit, "count") == 0 ? "" : " ", strcmp(unit, "count") == 0 ? "" : unit);
}

/* In brackets: the check, the reason, the section, the place, the alert. */
static void add_place(struct line *l, const hf_why *w, const hf_check_info *info)
{
    ADD(l, " [%s, %s", info->name, info->reason);
    if (*info->rfc)
        ADD(l, ", %s", info->rfc);
    if (w->message != HF_NO_MESSAGE)
        ADD(l, ", %s", hf_message_name(w->message));
    if (w->message != HF_NO_MESSAGE || w->cert >= 0 || w->offset)
        ADD(l, ", byte %u", w->offset);
    if (w->alert != HF_NO_ALERT)
        ADD(l, ", alert %s%s", hf_alert_name(w->alert), w->origin == HF_BY_PEER ? " received" : "");
    ADD(l, "]");
}

/* Which certificate, what is wrong, the name it is about, the values. */
static void add_what(struct line *l, const hf_why *w, const hf_check_info *info)
{
    l->out[0] = '\0';
    if (w->cert >= 0)
        ADD(l, "certificate[%d]: ", w->cert);
    ADD(l, "%s", info->title);
    if (w->check == CHECK_NONE)
        return;
    if (w->text[0])
        ADD(l, ": %s", w->text);
    add_values(l, w, info);
}

static void add_line(struct line *l, const hf_why *w, const hf_check_info *info)
{
    add_what(l, w, info);
    if (w->check != CHECK_NONE)
        add_place(l, w, info);
}

size_t why_sentence(const hf_why *w, char *out, size_t room)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    struct line          l    = {out, room, 0};
    add_what(&l, w, info);
    if (*info->hint)
        ADD(&l, ". %s", info->hint);
    return l.at;
}

int hf_why_text(const hf_why *w, char *out, size_t room)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    char                 buf[LINE_MAX_BYTES];
    struct line          l = {buf, sizeof buf, 0};
    add_line(&l, w, info);
    if (*info->hint)
        ADD(&l, ". %s", info->hint);
    return snprintf(out, room, "%s", buf);
}

void hf_why_print(const hf_why *w, FILE *f)
{
    const hf_check_info *info = hf_check_info_of(w->check);
    char                 buf[LINE_MAX_BYTES];
    struct line          l = {buf, sizeof buf, 0};
    add_line(&l, w, info);
    fprintf(f, "%s\n", buf);
    if (*info->hint)
        fprintf(f, "  %s\n", info->hint);
}
