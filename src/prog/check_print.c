/* SPDX-License-Identifier: Apache-2.0
 *
 * check_print.c - what `handfast check` found out, as a tree for people and as JSON for programs.
 */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "prog/check.h"

enum { NAME_ROOM = 512, WIDTH = 100 };

static const char *const states[] = {"", "pass", "fail", "skipped", "not reached"};

/* ---- one certificate ------------------------------------------------------------------------------------ */

static const char *key_name(const struct pubkey *k, char out[static 32])
{
    static const char *const names[] = {"",        "RSA",   "RSA-PSS",     "ECDSA P-256", "ECDSA P-384", "ECDSA P-521",
                                        "Ed25519", "Ed448", "unknown kind"};
    bool                     rsa     = k->kind == KEY_RSA || k->kind == KEY_RSA_PSS;
    snprintf(out, 32, rsa ? "%s %u bits" : "%s", names[k->kind], k->bits);
    return out;
}

static void print_about(const struct cert *c, const char *indent)
{
    char            from[24], to[24], key[32], text[NAME_ROOM];
    struct gen_name n;
    size_t          at = 0;
    if (cert_is_bare(c)) {
        printf("%s  a raw public key, %s\n", indent, key_name(&c->key, key));
        return;
    }
    printf("%s  valid %s to %s, key %s\n", indent, when_text(c->not_before, from), when_text(c->not_after, to),
           key_name(&c->key, key));
    while (c->san.n && san_next(c->san, &at, &n)) {
        gen_name_text(&n, text, sizeof text);
        printf("%s  for %s\n", indent, text);
    }
}

/* A raw public key: what it is called. */
static const char *subject_text(const struct cert *c, char out[static NAME_ROOM])
{
    out[0] = '\0';
    if (cert_is_bare(c))
        spki_name(c->spki, out);
    else
        dn_text(c->subject, out, NAME_ROOM);
    return out;
}

static bool told(const struct check_run *r, size_t i)
{
    const hf_finding *f = &r->rep.findings[i];
    for (size_t k = 0; k < i; k++) {
        const hf_finding *g = &r->rep.findings[k];
        if (g->cert == f->cert && g->state == f->state &&
            strcmp(hf_check_info_of(g->check)->reason, hf_check_info_of(f->check)->reason) == 0)
            return true;
    }
    return false;
}

/* The reason codes of all findings of one state on one certificate, each once, on lines of bearable length. */
static void print_codes(const struct check_run *r, int cert, enum hf_state state, const char *word, const char *indent)
{
    size_t width = 0;
    for (size_t i = 0; i < r->rep.n_findings; i++) {
        const hf_finding *f    = &r->rep.findings[i];
        const char       *code = hf_check_info_of(f->check)->reason;
        if (f->cert != cert || f->state != state || told(r, i))
            continue;
        if (width == 0)
            width = (size_t)printf("%s  %s", indent, word);
        else if (width + strlen(code) + 2 > WIDTH)
            width = (size_t)printf("\n%s    ", indent) - 1;
        width += (size_t)printf(" %s", code);
    }
    if (width)
        printf("\n");
}

static void print_failures(const struct check_run *r, int cert, const char *indent)
{
    for (size_t i = 0; i < r->rep.n_findings; i++) {
        const hf_finding *f = &r->rep.findings[i];
        if (f->cert == cert && f->state == HF_FAIL)
            printf("%s  FAIL %s: %s (%s)\n", indent, hf_check_info_of(f->check)->reason,
                   hf_check_info_of(f->check)->title, hf_check_info_of(f->check)->name);
    }
}

static void print_cert(const struct check_run *r, int cert, const struct cert *c, const char *where, size_t depth)
{
    char role[32], text[NAME_ROOM], indent[2 * PATH_MAX_CERTS + 1];
    snprintf(indent, sizeof indent, "%*s", (int)(2 * depth), "");
    subject_text(c, text);
    printf("%s%s  %s  (%s)\n", indent, check_role(r, cert, role), text[0] ? text : "no subject", where);
    print_about(c, indent);
    print_codes(r, cert, HF_PASS, "ruled out:", indent);
    print_failures(r, cert, indent);
    print_codes(r, cert, HF_SKIPPED, "skipped:", indent);
    print_codes(r, cert, HF_NOT_REACHED, "not reached:", indent);
}

/* ---- the tree ------------------------------------------------------------------------------------------- */

static void anchor_where(const struct anchor *a, char *out, size_t room)
{
    snprintf(out, room, "trusted: %s, certificate %u", a->file, a->index + 1);
}

static bool in_path(const struct check_run *r, size_t cert)
{
    for (size_t i = 0; i < r->path.n_order; i++)
        if (r->path.order[i] == cert)
            return true;
    return false;
}

static void print_path(const struct check_run *r)
{
    char where[NAME_ROOM];
    for (size_t i = 0; i < r->path.n_order; i++) {
        const struct cert *c = &r->path.certs[r->path.order[i]];
        print_cert(r, r->path.order[i], c, "presented", i);
    }
    if (!r->path.anchor)
        return;
    anchor_where(r->path.anchor, where, sizeof where);
    print_cert(r, CERT_ANCHOR, &r->path.anchor->cert, where, r->path.n_order);
}

/* What was presented and is not part of an accepted path. */
static void print_others(const struct check_run *r)
{
    for (size_t i = 0; i < r->path.n_certs; i++) {
        if (r->accepted && in_path(r, i))
            continue;
        if (r->path.certs[i].version || cert_is_bare(&r->path.certs[i]))
            print_cert(r, (int)i, &r->path.certs[i], r->accepted ? "presented, not needed" : "presented", 0);
        else
            printf("%s-cert[%zu]  cannot be read\n", r->as == AS_SERVER ? "server" : "client", i);
    }
}

static void print_tries(const struct check_run *r)
{
    char role[32], child[32], text[NAME_ROOM], where[NAME_ROOM] = "presented";
    for (size_t i = 0; i < r->tries.n; i++) {
        const struct valid_try *t = &r->tries.at[i];
        const struct cert      *c = t->anchor ? &t->anchor->cert : t->issuer >= 0 ? &r->path.certs[t->issuer] : NULL;
        if (!c)
            continue;
        if (t->anchor)
            anchor_where(t->anchor, where, sizeof where);
        dn_text(c->subject, text, sizeof text);
        printf("considered as issuer of %s: %s  %s  (%s)\n  turned down: %s (%s)\n", check_role(r, t->child, child),
               check_role(r, t->issuer, role), text, where, hf_check_info_of(t->fault.check)->title,
               hf_check_info_of(t->fault.check)->reason);
    }
}

static void print_client_side(const struct check_run *r)
{
    hf_view name;
    char    text[NAME_ROOM];
    bool    sends = r->remark.check == OFFER_FITS || r->remark.check == OFFER_CHAIN_SIGALG;
    printf("\nA server with these files announces %zu CA name%s", r->n_names, r->n_names == 1 ? "" : "s");
    printf(r->n_names_cut ? " (%zu more do not fit into the message):\n" : ":\n", r->n_names_cut);
    for (size_t at = 0; list_next(wr_done(&r->names), 2, &at, &name);) {
        dn_text(name, text, sizeof text);
        printf("  %s\n", text);
    }
    printf("A client that has this certificate %s: %s\n", sends ? "then sends it" : "then stays silent",
           hf_check_info_of(r->remark.check)->title);
    if (!sends)
        printf("  %s\n", hf_check_info_of(r->remark.check)->hint);
}

void check_print_tree(const struct check_run *r)
{
    if (r->accepted)
        print_path(r);
    print_others(r);
    print_tries(r);
    printf("\n%s\n", r->accepted ? "accepted" : "refused");
    if (!r->accepted)
        hf_why_print(&r->rep.why, stdout);
    if (r->asked)
        check_rules_print(r, check_leaf(r));
    if (r->as == AS_CLIENT)
        print_client_side(r);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static json_t *finding_json(const hf_finding *f)
{
    const hf_check_info *i = hf_check_info_of(f->check);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "check", i->name, "reason", i->reason, "state",
                     states[f->state], "offset", (json_int_t)f->offset, "want", (json_int_t)f->want, "got",
                     (json_int_t)f->got, "unit", i->unit);
}

static json_t *findings_json(const struct check_run *r, int cert)
{
    json_t *a = json_array();
    for (size_t i = 0; i < r->rep.n_findings; i++)
        if (r->rep.findings[i].cert == cert)
            json_array_append_new(a, finding_json(&r->rep.findings[i]));
    return a;
}

static json_t *names_json(const struct cert *c)
{
    json_t         *a = json_array();
    struct gen_name n;
    char            text[NAME_ROOM];
    for (size_t at = 0; c->san.n && san_next(c->san, &at, &n);) {
        gen_name_text(&n, text, sizeof text);
        json_array_append_new(a, json_string(text));
    }
    return a;
}

/* With the fields of a certificate, empty where there is nothing. */
static json_t *raw_key_json(const struct check_run *r, int cert, const struct cert *c)
{
    char role[32], name[NAME_ROOM], key[32];
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:b, s:o}", "role", check_role(r, cert, role),
                     "subject", subject_text(c, name), "issuer", "", "serial", "", "not_before", "", "not_after", "",
                     "key", key_name(&c->key, key), "names", "in_path", r->accepted, "findings",
                     findings_json(r, cert));
}

static json_t *cert_json(const struct check_run *r, int cert, const struct cert *c)
{
    char role[32], subject[NAME_ROOM], issuer[NAME_ROOM], serial[64], from[24], to[24], key[32];
    if (cert_is_bare(c))
        return raw_key_json(r, cert, c);
    if (!c->version)
        return json_pack("{s:s, s:b, s:o}", "role", check_role(r, cert, role), "readable", 0, "findings",
                         findings_json(r, cert));
    dn_text(c->subject, subject, sizeof subject);
    dn_text(c->issuer, issuer, sizeof issuer);
    text_hex(serial, sizeof serial, c->serial.p, c->serial.n, 0);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:o}", "role", check_role(r, cert, role), "subject",
                     subject, "issuer", issuer, "serial", serial, "not_before", when_text(c->not_before, from),
                     "not_after", when_text(c->not_after, to), "key", key_name(&c->key, key), "names", names_json(c),
                     "in_path", cert == CERT_ANCHOR || (r->accepted && in_path(r, (size_t)cert)), "findings",
                     findings_json(r, cert));
}

static json_t *tries_json(const struct check_run *r)
{
    json_t *a = json_array();
    char    child[32], role[32], text[NAME_ROOM];
    for (size_t i = 0; i < r->tries.n; i++) {
        const struct valid_try *t = &r->tries.at[i];
        const struct cert      *c = t->anchor ? &t->anchor->cert : t->issuer >= 0 ? &r->path.certs[t->issuer] : NULL;
        text[0]                   = '\0';
        if (c)
            dn_text(c->subject, text, sizeof text);
        json_array_append_new(
            a, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "issuer_of", check_role(r, t->child, child), "candidate",
                         c ? check_role(r, t->issuer, role) : "", "subject", text, "file",
                         t->anchor ? t->anchor->file : "", "check", hf_check_info_of(t->fault.check)->name, "reason",
                         hf_check_info_of(t->fault.check)->reason));
    }
    return a;
}

static json_t *cause_json(const struct check_run *r)
{
    const hf_check_info *i = hf_check_info_of(r->rep.why.check);
    char                 line[1024], role[32];
    if (r->accepted)
        return json_null();
    hf_why_text(&r->rep.why, line, sizeof line);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s}", "check", i->name, "reason", i->reason, "subject",
                     check_role(r, r->rep.why.cert, role), "offset", (json_int_t)r->rep.why.offset, "want",
                     (json_int_t)r->rep.why.want, "got", (json_int_t)r->rep.why.got, "about", r->rep.why.text,
                     "message", line, "fix", i->hint);
}

static json_t *client_json(const struct check_run *r)
{
    json_t *names = json_array();
    hf_view name;
    char    text[NAME_ROOM];
    if (r->as != AS_CLIENT) {
        json_decref(names);
        return json_null();
    }
    for (size_t at = 0; list_next(wr_done(&r->names), 2, &at, &name);) {
        dn_text(name, text, sizeof text);
        json_array_append_new(names, json_string(text));
    }
    bool sends = r->remark.check == OFFER_FITS || r->remark.check == OFFER_CHAIN_SIGALG;
    return json_pack("{s:o, s:I, s:b, s:s, s:s}", "ca_names", names, "ca_names_cut", (json_int_t)r->n_names_cut, "sent",
                     sends, "check", hf_check_info_of(r->remark.check)->name, "reason",
                     hf_check_info_of(r->remark.check)->reason);
}

json_t *check_chain_json(const struct check_run *r)
{
    json_t *certs = json_array();
    char    at[24];
    for (size_t i = 0; i < r->path.n_certs; i++)
        json_array_append_new(certs, cert_json(r, (int)i, &r->path.certs[i]));
    const struct anchor *a      = r->accepted ? r->path.anchor : NULL;
    json_t              *anchor = a ? cert_json(r, CERT_ANCHOR, &a->cert) : json_null();
    if (a)
        json_object_set_new(anchor, "file", json_string(a->file));
    return json_pack("{s:b, s:s, s:s, s:o, s:o, s:o, s:o}", "accepted", r->accepted, "as",
                     r->as == AS_SERVER ? "server" : "client", "time", when_text(r->now, at), "presented", certs,
                     "anchor", anchor, "considered", tries_json(r), "cause", cause_json(r));
}

void check_print_json(const struct check_run *r)
{
    json_t *o = check_chain_json(r);
    json_object_set_new(o, "client", client_json(r));
    if (r->asked)
        json_object_set_new(o, "rules", check_rules_json(r, check_leaf(r)));
    json_dumpf(o, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    printf("\n");
    json_decref(o);
}
