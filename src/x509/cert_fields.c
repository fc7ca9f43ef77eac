/* SPDX-License-Identifier: Apache-2.0
 *
 * cert_fields.c - a certificate as fields. DER says by itself where everything ends; the tables here say what it is
 * called. What is in no table, or stands where nothing is expected, is told by its ASN.1 type.
 *
 *   1. No element is opened before der_cut has said that it is whole; what is not is told as cut off.
 *   2. Depth ends at DEPTH_MAX: what is nested deeper is hex.
 */
#include "x509/cert_fields.h"

#include "base/text.h"
#include "base/when.h"
#include "x509/cert.h"
#include "x509/der.h"
#include "x509/oid.h"

enum { DEPTH_MAX = 24 };

enum show {
    SHOW_ANY, /* by its tag */
    SHOW_PARTS,
    SHOW_VERSION,
    SHOW_ALG,
    SHOW_DN,
    SHOW_EXTENSIONS
};

/* What stands in a SEQUENCE, in this order; an element with another tag than a part's passes over it. */
struct part {
    uint8_t            tag;
    enum show          show;
    const char        *name, *means;
    const struct part *inner; /* ends with tag 0 */
};

/* clang-format off */
static const struct part validity[] = {
    {0, SHOW_ANY, "notBefore", "valid from", NULL}, {0, SHOW_ANY, "notAfter", "valid until", NULL}, {0}};
static const struct part spki[] = {
    {DER_SEQUENCE, SHOW_ALG, "algorithm", "", NULL},
    {DER_BIT_STRING, SHOW_ANY, "subjectPublicKey", "the key whose private half its owner must prove to hold", NULL},
    {0}};
static const struct part tbs[] = {
    {DER_CONTEXTC(0), SHOW_VERSION, "version", "", NULL},
    {DER_INTEGER, SHOW_ANY, "serialNumber", "the issuer's number for this certificate", NULL},
    {DER_SEQUENCE, SHOW_ALG, "signature", "must be the same as signatureAlgorithm", NULL},
    {DER_SEQUENCE, SHOW_DN, "issuer", "who vouches for it", NULL},
    {DER_SEQUENCE, SHOW_PARTS, "validity", "", validity},
    {DER_SEQUENCE, SHOW_DN, "subject", "whom it is about", NULL},
    {DER_SEQUENCE, SHOW_PARTS, "subjectPublicKeyInfo", "", spki},
    {DER_CONTEXT(1), SHOW_ANY, "issuerUniqueID", "", NULL},
    {DER_CONTEXT(2), SHOW_ANY, "subjectUniqueID", "", NULL},
    {DER_CONTEXTC(3), SHOW_EXTENSIONS, "extensions", "", NULL},
    {0}};
static const struct part certificate[] = {
    {DER_SEQUENCE, SHOW_PARTS, "tbsCertificate", "what the issuer has signed", tbs},
    {DER_SEQUENCE, SHOW_ALG, "signatureAlgorithm", "", NULL},
    {DER_BIT_STRING, SHOW_ANY, "signatureValue", "the issuer's signature", NULL},
    {0}};
/* clang-format on */

static void tell_any(struct fields *o, const char *name, const struct der_item *e, const char *means);
static void tell_parts(struct fields *o, hf_view body, const struct part *p);

/* ---- single elements ---- */

static const char *type_name(uint8_t tag)
{
    static const char *const universal[] = {[DER_BOOLEAN]      = "BOOLEAN",
                                            [DER_INTEGER]      = "INTEGER",
                                            [DER_BIT_STRING]   = "BIT STRING",
                                            [DER_OCTET_STRING] = "OCTET STRING",
                                            [DER_NULL]         = "NULL",
                                            [DER_OID]          = "OBJECT IDENTIFIER",
                                            [DER_ENUMERATED]   = "ENUMERATED",
                                            [DER_UTF8]         = "UTF8String",
                                            [DER_NUMERIC]      = "NumericString",
                                            [DER_PRINTABLE]    = "PrintableString",
                                            [DER_TELETEX]      = "TeletexString",
                                            [DER_IA5]          = "IA5String",
                                            [DER_UTC_TIME]     = "UTCTime",
                                            [DER_GENERAL_TIME] = "GeneralizedTime",
                                            [DER_VISIBLE]      = "VisibleString",
                                            [DER_UNIVERSAL]    = "UniversalString",
                                            [DER_BMP]          = "BMPString",
                                            [DER_SEQUENCE]     = "SEQUENCE",
                                            [DER_SET]          = "SET"};
    static const char *const context[]   = {"[0]", "[1]", "[2]", "[3]", "[4]", "[5]", "[6]", "[7]", "[8]"};
    if (tag < sizeof universal / sizeof universal[0] && universal[tag])
        return universal[tag];
    if ((tag & 0xc0) == 0x80 && (tag & 0x1f) < sizeof context / sizeof context[0])
        return context[tag & 0x1f];
    return "element";
}

/* "2026-11-24T08:15:00Z", or the text as it is when it is no date. */
static void time_text(const struct der_item *e, char out[static 64])
{
    struct report rep;
    report_init(&rep);
    struct rd r = der_reader(e->whole, &rep);
    int64_t   t = der_time(&r, CHECK_NONE); /* its tag is one of the two */
    if (rd_ok(&r))
        when_text(t, out);
    else
        text_printable(out, 64, e->body.p, e->body.n);
}

static bool is_text(const struct der_item *e)
{
    switch (e->tag) {
    case DER_UTF8:
    case DER_NUMERIC:
    case DER_PRINTABLE:
    case DER_TELETEX:
    case DER_IA5:
    case DER_VISIBLE:
        return true;
    default: /* an implicit tag hides the type: names of hosts and addresses of pages are worth a guess */
        if ((e->tag & 0xe0) != 0x80 || e->body.n < 4)
            return false;
        for (size_t i = 0; i < e->body.n; i++)
            if (e->body.p[i] < 0x20 || e->body.p[i] > 0x7e)
                return false;
        return true;
    }
}

static void value_text(const struct der_item *e, char *out, size_t room)
{
    char when[64];
    if (e->tag == DER_OID)
        oid_text(e->body, out, room);
    else if (e->tag == DER_BOOLEAN && e->body.n == 1)
        text_add(out, room, 0, "%s", e->body.p[0] ? "TRUE" : "FALSE");
    else if (e->tag == DER_UTC_TIME || e->tag == DER_GENERAL_TIME) {
        time_text(e, when);
        text_add(out, room, 0, "%s", when);
    } else if (e->tag == DER_BIT_STRING && e->body.n > 0)
        field_hex_text((hf_view){e->body.p + 1, e->body.n - 1}, out, room);
    else if (is_text(e))
        text_printable(out, room, e->body.p, e->body.n);
    else
        field_hex_text(e->body, out, room);
}

static void tell_wrong(struct fields *o, hf_view rest)
{
    char text[FIELD_TEXT];
    field_hex_text(rest, text, sizeof text);
    field_wrong(o, "cut off here", rest, "no whole element: %s", text);
}

/* Elements of any kind, each by its type. */
static void tell_all(struct fields *o, hf_view body)
{
    struct der_item e;
    while (body.n && der_cut(&body, &e))
        tell_any(o, type_name(e.tag), &e, "");
    if (body.n)
        tell_wrong(o, body);
}

static void tell_any(struct fields *o, const char *name, const struct der_item *e, const char *means)
{
    char text[FIELD_TEXT] = "";
    bool constructed      = (e->tag & 0x20) && o->depth < DEPTH_MAX;
    if (!constructed)
        value_text(e, text, sizeof text);
    field_put(o, name, e->whole, text, means);
    if (!constructed)
        return;
    o->depth++;
    tell_all(o, e->body);
    o->depth--;
}

void oid_fields(struct fields *o, const char *name, hf_view bytes, hf_view oid, const char *means)
{
    struct der_item e;
    char            text[FIELD_TEXT];
    hf_view         rest = oid;
    if (!der_cut(&rest, &e) || e.tag != DER_OID || rest.n) {
        field_hex(o, name, bytes, oid, means);
        return;
    }
    oid_text(e.body, text, sizeof text);
    field_put(o, name, bytes, text, means);
}

/* ---- names ---- */

/* SEQUENCE { type, value }: under the type's name, with the string type beside it, for it decides whether two names
 * have the same bytes. */
static void tell_attribute(struct fields *o, const struct der_item *ava)
{
    struct der_item type, value;
    hf_view         body = ava->body;
    char            text[FIELD_TEXT];
    if (ava->tag != DER_SEQUENCE || !der_cut(&body, &type) || type.tag != DER_OID || !der_cut(&body, &value)) {
        tell_any(o, type_name(ava->tag), ava, "");
        return;
    }
    value_text(&value, text, sizeof text);
    enum oid known = oid_of(type.body);
    field_put(o, known == OID_UNKNOWN ? "attribute" : oid_name(known), ava->whole, text, type_name(value.tag));
    o->depth++;
    if (body.n)
        tell_wrong(o, body);
    o->depth--;
}

void dn_fields(struct fields *o, const char *name, hf_view bytes, hf_view dn, const char *means)
{
    struct der_item seq, set, ava;
    char            text[FIELD_TEXT];
    dn_text(dn, text, sizeof text);
    field_put(o, name, bytes, text[0] ? text : "empty", means);
    if (!der_cut(&dn, &seq))
        return;
    o->depth++;
    while (der_cut(&seq.body, &set))
        while (der_cut(&set.body, &ava))
            tell_attribute(o, &ava);
    o->depth--;
}

/* ---- extensions ---- */

static void ku_text(hf_view value, char *out, size_t room)
{
    static const char *const names[] = {"digitalSignature", "nonRepudiation", "keyEncipherment",
                                        "dataEncipherment", "keyAgreement",   "keyCertSign",
                                        "cRLSign",          "encipherOnly",   "decipherOnly"};
    struct der_item          e;
    size_t                   at = 0;
    if (!der_cut(&value, &e) || e.tag != DER_BIT_STRING)
        return;
    for (size_t i = 0; i < 9 && 1 + i / 8 < e.body.n; i++)
        if (e.body.p[1 + i / 8] & (0x80u >> i % 8))
            at = text_add(out, room, at, "%s%s", at ? ", " : "", names[i]);
}

static void eku_text(hf_view value, char *out, size_t room)
{
    struct der_item seq, e;
    char            one[96];
    size_t          at = 0;
    if (!der_cut(&value, &seq))
        return;
    while (der_cut(&seq.body, &e)) {
        oid_text(e.body, one, sizeof one);
        at = text_add(out, room, at, "%s%s", at ? ", " : "", one);
    }
}

static void basic_text(hf_view value, char *out, size_t room)
{
    struct der_item seq, e;
    bool            ca = false;
    size_t          at = 0;
    if (!der_cut(&value, &seq))
        return;
    bool more = der_cut(&seq.body, &e);
    if (more && e.tag == DER_BOOLEAN) {
        ca   = e.body.n == 1 && e.body.p[0];
        more = der_cut(&seq.body, &e);
    }
    at = text_add(out, room, at, ca ? "a CA" : "no CA");
    if (more && e.tag == DER_INTEGER && e.body.n == 1)
        text_add(out, room, at, ", at most %u CAs below it", e.body.p[0]);
}

/* OCTET STRING, or SEQUENCE { [0] keyIdentifier ... }. */
static void key_id_text(hf_view value, char *out, size_t room)
{
    struct der_item e, id;
    if (!der_cut(&value, &e))
        return;
    if (e.tag == DER_SEQUENCE && der_cut(&e.body, &id) && id.tag == DER_CONTEXT(0))
        e = id;
    if (e.tag != DER_SEQUENCE)
        field_hex_text(e.body, out, room);
}

static void tell_names(struct fields *o, hf_view value)
{
    static const char *const kinds[] = {"otherName",
                                        "rfc822Name",
                                        "dNSName",
                                        "x400Address",
                                        "directoryName",
                                        "ediPartyName",
                                        "uniformResourceIdentifier",
                                        "iPAddress",
                                        "registeredID"};
    struct gen_name          g;
    char                     text[FIELD_TEXT];
    size_t                   at = 0, last = 0;
    struct der_item          e;
    while (san_next(value, &at, &g)) {
        hf_view rest = {value.p + g.at, value.n - g.at};
        last         = at;
        if (!der_cut(&rest, &e))
            return;
        gen_name_text(&g, text, sizeof text);
        field_put(o, kinds[g.kind], e.whole, text, "");
    }
    if (last < value.n)
        tell_wrong(o, (hf_view){value.p + last, value.n - last});
}

static const struct {
    enum oid oid;
    void (*text)(hf_view value, char *out, size_t room); /* in one line */
    void (*inside)(struct fields *o, hf_view value);
    const char *means;
} extensions[] = {
    {OID_CE_KU, ku_text, NULL, "what the key may be used for"},
    {OID_CE_EKU, eku_text, NULL, "for which purposes: clientAuth and serverAuth count in TLS"},
    {OID_CE_BASIC, basic_text, NULL, "whether it may issue certificates"},
    {OID_CE_SKI, key_id_text, NULL, "a name for its own key"},
    {OID_CE_AKI, key_id_text, NULL, "which of the issuer's keys has signed it"},
    {OID_CE_SAN, NULL, tell_names, "the identity: these names count, the subject's CN does not"},
    {OID_CE_IAN, NULL, tell_names, "other names of the issuer"},
    {OID_CE_NAME_CONS, NULL, tell_all, "which names may stand below this CA"},
    {OID_CE_POLICIES, NULL, tell_all, "under which rules it was issued"},
    {OID_CE_CRLDP, NULL, tell_all, "where the list of revoked certificates is"},
    {OID_PE_AIA, NULL, tell_all, "where to ask about it, and where the issuer's certificate is"},
    {OID_PE_TLS_FEATURE, NULL, tell_all, "what its server must do in TLS (must-staple)"},
    {OID_CT_SCT, NULL, tell_all, "promises of certificate transparency logs"},
};

static void tell_value(struct fields *o, const char *name, hf_view whole, hf_view oid, hf_view value, bool critical)
{
    size_t n = sizeof extensions / sizeof extensions[0], i = 0;
    char   text[FIELD_TEXT] = "", line[FIELD_TEXT + 16];
    while (i < n && extensions[i].oid != oid_of(oid))
        i++;
    if (i < n && extensions[i].text)
        extensions[i].text(value, text, sizeof text);
    if (name[0] == '\0')
        oid_dotted(oid, text, sizeof text);
    text_add(line, sizeof line, 0, "%s%s", critical ? text[0] ? "critical: " : "critical" : "", text);
    field_put(o, name[0] ? name : "extension", whole, line, i < n ? extensions[i].means : "");
    o->depth++;
    if (i < n && extensions[i].inside)
        extensions[i].inside(o, value);
    else if (i == n || !text[0])
        tell_all(o, value);
    o->depth--;
}

static void tell_extension(struct fields *o, const struct der_item *ext)
{
    struct der_item id, e;
    hf_view         body     = ext->body;
    bool            critical = false;
    if (!der_cut(&body, &id) || id.tag != DER_OID || !der_cut(&body, &e)) {
        tell_any(o, "extension", ext, "");
        return;
    }
    if (e.tag == DER_BOOLEAN) {
        critical = e.body.n == 1 && e.body.p[0];
        if (!der_cut(&body, &e)) {
            tell_any(o, "extension", ext, "");
            return;
        }
    }
    tell_value(o, oid_name(oid_of(id.body)), ext->whole, id.body, e.body, critical);
}

static void tell_extensions(struct fields *o, const struct part *p, const struct der_item *e)
{
    struct der_item seq, ext;
    hf_view         body = e->body;
    field_put(o, p->name, e->whole, "", p->means);
    o->depth++;
    if (der_cut(&body, &seq)) {
        while (der_cut(&seq.body, &ext))
            tell_extension(o, &ext);
        body = seq.body;
    }
    if (body.n)
        tell_wrong(o, body);
    o->depth--;
}

/* ---- parts ---- */

static void tell_version(struct fields *o, const struct part *p, const struct der_item *e)
{
    struct der_item number;
    hf_view         body     = e->body;
    char            text[16] = "unknown";
    if (der_cut(&body, &number) && number.body.n == 1 && number.body.p[0] < 3)
        text_add(text, sizeof text, 0, "v%u", number.body.p[0] + 1u);
    field_put(o, p->name, e->whole, text, p->means);
}

/* SEQUENCE { algorithm, parameters }: a curve's name belongs to the algorithm, other parameters stand inside. */
static void tell_alg(struct fields *o, const struct part *p, const struct der_item *e)
{
    struct der_item oid, param;
    hf_view         body = e->body;
    char            text[FIELD_TEXT], curve[96];
    if (!der_cut(&body, &oid) || oid.tag != DER_OID) {
        tell_any(o, p->name, e, p->means);
        return;
    }
    size_t  n    = oid_text(oid.body, text, sizeof text);
    hf_view rest = body;
    if (der_cut(&rest, &param) && param.tag == DER_OID) {
        oid_text(param.body, curve, sizeof curve);
        text_add(text, sizeof text, n, ", %s", curve);
    }
    field_put(o, p->name, e->whole, text, p->means);
    o->depth++;
    if (body.n && body.p[0] == DER_SEQUENCE)
        tell_all(o, body);
    o->depth--;
}

static void tell_part(struct fields *o, const struct part *p, const struct der_item *e)
{
    switch (p->show) {
    case SHOW_VERSION:
        tell_version(o, p, e);
        return;
    case SHOW_ALG:
        tell_alg(o, p, e);
        return;
    case SHOW_DN:
        dn_fields(o, p->name, e->whole, e->whole, p->means);
        return;
    case SHOW_EXTENSIONS:
        tell_extensions(o, p, e);
        return;
    case SHOW_PARTS:
        field_put(o, p->name, e->whole, "", p->means);
        o->depth++;
        tell_parts(o, e->body, p->inner);
        o->depth--;
        return;
    case SHOW_ANY:
        tell_any(o, p->name, e, p->means);
    }
}

static void tell_parts(struct fields *o, hf_view body, const struct part *p)
{
    struct der_item e;
    while (body.n && der_cut(&body, &e)) {
        const struct part *q = p;
        while (q->name && q->tag && q->tag != e.tag)
            q++;
        if (q->name) {
            tell_part(o, q, &e);
            p = q + 1;
        } else
            tell_any(o, type_name(e.tag), &e, "");
    }
    if (body.n)
        tell_wrong(o, body);
}

/* A raw public key in place of a certificate (RFC 7250). */
static void raw_key_fields(struct fields *o, const char *name, hf_view bytes, hf_view der)
{
    char            text[SPKI_NAME_ROOM];
    struct der_item e;
    field_put(o, name, bytes, spki_name(der, text), "a raw public key: who it belongs to is known by the key alone");
    o->depth++;
    if (der_cut(&der, &e))
        tell_parts(o, e.body, spki);
    o->depth--;
}

void cert_fields(struct fields *o, const char *name, hf_view bytes, hf_view der)
{
    static const struct part whole = {DER_SEQUENCE, SHOW_PARTS, "", "", certificate};
    char                     text[FIELD_TEXT];
    if (spki_alone(der)) {
        raw_key_fields(o, name, bytes, der);
        return;
    }
    struct der_item e;
    struct report   rep;
    struct cert     c;
    report_init(&rep);
    if (cert_parse(&c, der, &rep))
        dn_text(c.subject, text, sizeof text);
    else
        text_add(text, sizeof text, 0, "not a certificate: %s", hf_check_info_of(rep.why.check)->title);
    field_put(o, name, bytes, text, "");
    o->depth++;
    if (der_cut(&der, &e) && e.tag == whole.tag)
        tell_parts(o, e.body, whole.inner);
    if (der.n)
        tell_wrong(o, der);
    o->depth--;
}
