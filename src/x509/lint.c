/* SPDX-License-Identifier: Apache-2.0
 *
 * lint.c - duties of those who issue, which a certificate can break without being unsafe: RFC 5280's rules for
 * conforming CAs and the CA/Browser Forum's for public ones (BR 7.1.2).
 *
 *   1. The web profile refuses what breaks one. The private profile accepts it and says so: a finding in state
 *      HF_SKIPPED, when somebody keeps findings; when nobody does, nothing here is looked at.
 *   2. They are judged after everything that matters for safety, so that they are never the cause when there is a
 *      better one.
 *   3. That a common name is not repeated among the alternative names is remarked under both: nobody reads it.
 *   4. Not among them: what needs the public suffix list or certificate transparency.
 */
#include "walk.h"

#include <string.h>

#include "base/text.h"
#include "der.h"
#include "oid.h"

enum { SERIAL_MAX_BYTES = 20 };

static size_t at_of(const struct cert *c, hf_view part)
{
    return part.p ? (size_t)(part.p - c->der.p) : 0;
}

/* A finding and nothing else. */
static bool remark(struct trial *t, bool ok, enum check id, size_t offset, int64_t want, int64_t got)
{
    if (t->tell && !ok) {
        t->tell->cert = (int8_t)t->cert;
        note(t->tell, id, HF_SKIPPED, offset, want, got);
    }
    return true;
}

bool lint(const struct valid_how *how, struct trial *t, bool ok, enum check id, size_t offset, int64_t want,
          int64_t got)
{
    if (how->profile == PROFILE_WEB || t->unreached)
        return judge(t, ok, id, offset, want, got);
    return remark(t, ok, id, offset, want, got);
}

static bool nobody_listens(const struct valid_how *how, const struct trial *t)
{
    return how->profile == PROFILE_PRIVATE && !t->tell;
}

/* An INTEGER's first byte says its sign. An anchor is trusted as it is: well-known roots have the number zero. */
static bool lint_serial(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    size_t at       = at_of(c, c->serial);
    bool   positive = c->serial.n && !(c->serial.p[0] & 0x80) && (c->serial.n > 1 || c->serial.p[0]);
    return lint(how, t, positive || t->anchor, LINT_SERIAL_NOT_POSITIVE, at, 1, 0) &&
           lint(how, t, c->serial.n <= SERIAL_MAX_BYTES, LINT_SERIAL_TOO_LONG, at, SERIAL_MAX_BYTES,
                (int64_t)c->serial.n);
}

static bool lint_key(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool rsa = c->key.kind == KEY_RSA || c->key.kind == KEY_RSA_PSS;
    return lint(how, t, !rsa || c->key.bits % 8 == 0, LINT_RSA_BITS_ODD, at_of(c, c->spki), 0, c->key.bits);
}

/* authorityCertIssuer or authorityCertSerialNumber is there. */
static bool names_issuers_issuer(const struct cert *c)
{
    hf_view         ext = c->aki_ext;
    struct der_item seq, field;
    if (!der_cut(&ext, &seq))
        return false;
    while (der_cut(&seq.body, &field))
        if (field.tag != DER_CONTEXT(0))
            return true;
    return false;
}

static bool lint_key_ids(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool   same = !c->aki.n || view_equal(c->aki, c->ski);
    bool   root = t->anchor && cert_self_issued(c);
    size_t at   = at_of(c, c->aki_ext);
    return lint(how, t, t->anchor || c->aki.n, LINT_AKI_MISSING, 0, 1, 0) &&
           lint(how, t, !c->is_ca || c->ski.n, LINT_SKI_MISSING, 0, 1, 0) &&
           lint(how, t, !(c->critical & (EXT_AKI | EXT_SKI)), LINT_KEY_ID_CRITICAL, at, 0, 1) &&
           lint(how, t, !root || !names_issuers_issuer(c), LINT_ROOT_AKI_FIELDS, at, 0, 1) &&
           lint(how, t, !root || same, LINT_ROOT_AKI_DIFFERS, at, 0, 1) &&
           lint(how, t, !root || !(c->has & EXT_EKU), LINT_ROOT_EKU, at_of(c, c->eku_ext), 0, 1);
}

/* A subtree of host names with a leading dot, which RFC 5280 has for URIs only. */
static bool has_leading_dot(const struct cert *c)
{
    hf_view         ext = c->name_cons;
    struct der_item seq, list, tree, base;
    if (!der_cut(&ext, &seq))
        return false;
    while (der_cut(&seq.body, &list))
        while (der_cut(&list.body, &tree))
            if (der_cut(&tree.body, &base) && base.tag == DER_CONTEXT(2) && base.body.n && base.body.p[0] == '.')
                return true;
    return false;
}

bool lint_issuer(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    uint32_t plain = c->has & ~c->critical; /* extensions that are not critical */
    if (nobody_listens(how, t))
        return true;
    return lint_serial(how, c, t) && lint_key(how, c, t) && lint_key_ids(how, c, t) &&
           lint(how, t, !(plain & EXT_BASIC), LINT_BASIC_NOT_CRITICAL, 0, 1, 0) &&
           lint(how, t, !(plain & EXT_POLICY_CONS), LINT_POLICY_CONS_NOT_CRITICAL, at_of(c, c->policy_cons), 1, 0) &&
           lint(how, t, !has_leading_dot(c), LINT_NC_LEADING_DOT, at_of(c, c->name_cons), 0, 1);
}

/* ---- the leaf ------------------------------------------------------------------------------------------ */

static bool is_plain_host(hf_view v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] == '_')
            return false;
    return true;
}

static bool hosts_plain(const struct cert *c)
{
    struct gen_name name;
    size_t          at = 0;
    while (c->san.n && san_next(c->san, &at, &name))
        if (name.kind == NAME_DNS && !is_plain_host(name.value))
            return false;
    return true;
}

/* A common name that could be taken for a host name or an address. */
static bool looks_like_host(hf_view cn)
{
    return (memchr(cn.p, '.', cn.n) || memchr(cn.p, ':', cn.n)) && !memchr(cn.p, ' ', cn.n);
}

/* The text of a common name is that of an alternative name, letter by letter (BR 7.1.4.3). */
static bool in_san(const struct cert *c, hf_view cn)
{
    struct gen_name name;
    size_t          at = 0, n;
    char            text[256];
    while (c->san.n && san_next(c->san, &at, &name)) {
        n = gen_name_text(&name, text, sizeof text);
        if ((name.kind == NAME_DNS || name.kind == NAME_IP) && strchr(text, ':') + 1 + cn.n == text + n &&
            memcmp(text + n - cn.n, cn.p, cn.n) == 0)
            return true;
    }
    return false;
}

static bool common_names_in_san(const struct cert *c)
{
    hf_view         rest = c->subject;
    struct der_item seq, set, pair, type, value;
    if (!der_cut(&rest, &seq))
        return true;
    while (der_cut(&seq.body, &set))
        while (der_cut(&set.body, &pair))
            if (der_cut(&pair.body, &type) && der_cut(&pair.body, &value) && oid_of(type.body) == OID_AT_CN &&
                looks_like_host(value.body) && !in_san(c, value.body))
                return false;
    return true;
}

/* What it may be used for, as the CA wrote it. */
static bool lint_uses(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool signs = (c->has & EXT_KU) && (c->ku & KU_KEY_CERT_SIGN);
    bool any   = (c->has & EXT_EKU) && (c->eku & EKU_ANY);
    return lint(how, t, c->is_ca || !signs, LINT_LEAF_SIGNS_CERTS, 0, 0, 1) &&
           lint(how, t, !(c->critical & EXT_EKU), LINT_EKU_CRITICAL, at_of(c, c->eku_ext), 0, 1) &&
           lint(how, t, !any, LINT_EKU_ANY, at_of(c, c->eku_ext), 0, 1);
}

static bool lint_names(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool   critical = c->critical & EXT_SAN, empty = dn_empty(c->subject);
    size_t at = at_of(c, c->san);
    return lint(how, t, !critical || empty, LINT_SAN_CRITICAL, at, 0, 1) &&
           lint(how, t, critical || !empty, LINT_SAN_NOT_CRITICAL, at, 1, 0) &&
           lint(how, t, hosts_plain(c), LINT_SAN_UNDERSCORE, at, 0, 1);
}

bool lint_leaf(const struct valid_how *how, const struct cert *c, struct trial *t)
{
    bool server = how->purpose == FOR_SERVER_AUTH;
    if (nobody_listens(how, t))
        return true;
    return lint(how, t, !c->is_ca, LEAF_IS_CA, 0, 0, 1) && lint_serial(how, c, t) && lint_key(how, c, t) &&
           lint_key_ids(how, c, t) &&
           lint(how, t, !(c->has & EXT_NAME_CONS) || c->is_ca, LINT_NC_IN_LEAF, at_of(c, c->name_cons), 0, 1) &&
           lint_uses(how, c, t) && lint_names(how, c, t) &&
           remark(t, !server || common_names_in_san(c), LINT_CN_NOT_IN_SAN, at_of(c, c->subject), 0, 1);
}
