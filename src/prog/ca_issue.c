/* SPDX-License-Identifier: Apache-2.0
 *
 * ca_issue.c - `handfast ca issue`: one certificate and its key, or a certificate for a request.
 *
 * The register's row and the files exist together or not at all: the row is written in a transaction that is
 * committed when the files are in place, and both are taken back when something fails; a power cut between the
 * two leaves files without a row, never a row without files. SQLite lets one
 * writer in at a time, so that issuing in parallel is safe.
 *
 * What a request asks for is not granted: names come from the command line, the request gives the key.
 */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "ca_issuer.h"
#include "ca_register.h"
#include "commands.h"
#include "newfile.h"

struct issue {
    const char     *dir, *name, *out, *csr;
    bool            server, client, peer;
    struct opt_list dns, ip, uri, mail;
    unsigned        key, days;
    int64_t         not_before, not_after;
    bool            has_before, has_after;
};

static const char *issue_days(void *into, const char *value)
{
    ((struct issue *)into)->days = ca_days(value);
    return ((struct issue *)into)->days ? NULL : "give a number of days, 1 to 36500.";
}

static const char *moment(const char *value, int64_t *to, bool *has)
{
    *has = when_parse(value, to);
    return *has ? NULL : "write the date as 2026-11-24T08:15:00Z.";
}

static const char *issue_before(void *into, const char *value)
{
    struct issue *o = into;
    return moment(value, &o->not_before, &o->has_before);
}

static const char *issue_after(void *into, const char *value)
{
    struct issue *o = into;
    return moment(value, &o->not_after, &o->has_after);
}

#define AT(field) offsetof(struct issue, field)
static const struct opt opts[] = {
    {"dir", OPT_TEXT, AT(dir), "DIR", "directory of the CA", NULL, NULL},
    {"out", OPT_TEXT, AT(out), "PREFIX",
     "writes PREFIX.pem (the certificate and its intermediate)\nand PREFIX.key; neither may exist", NULL, NULL},
    {"name", OPT_TEXT, AT(name), "NAME", "who it is for: \"CN=alice,O=Example\", or just alice", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "What for, one of", NULL, NULL},
    {"server", OPT_FLAG, AT(server), NULL, "a server; clients must find its name below", NULL, NULL},
    {"client", OPT_FLAG, AT(client), NULL, "a client", NULL, NULL},
    {"peer", OPT_FLAG, AT(peer), NULL, "both", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Names in it, each may be given again", NULL, NULL},
    {"dns", OPT_MANY, AT(dns), "HOST", "host name (a server's default is NAME, if it is one)", NULL, NULL},
    {"ip", OPT_MANY, AT(ip), "ADDRESS", "IPv4 or IPv6 address", NULL, NULL},
    {"uri", OPT_MANY, AT(uri), "URI", "such as spiffe://example.com/alice", NULL, NULL},
    {"mail", OPT_MANY, AT(mail), "ADDRESS", "mail address", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Key and time", NULL, NULL},
    {"key", OPT_CHOICE, AT(key), CA_KEY_KINDS, "kind of the new key (p256)", NULL, NULL},
    {"csr", OPT_TEXT, AT(csr), "FILE",
     "for the key of this request (PEM or DER) instead; the\nnames that it asks for are shown, not granted", NULL,
     NULL},
    {"days", OPT_CALL, 0, "N", "days that it is valid (365, or as long as the CA)", issue_days, NULL},
    {"not-before", OPT_CALL, 0, "DATE", "begins at, such as 2026-11-24T08:15:00Z (now)", issue_before, NULL},
    {"not-after", OPT_CALL, 0, "DATE", "ends at, instead of --days", issue_after, NULL},
    {0}};

static const struct command command = {
    .name     = "ca issue",
    .brief    = "makes a certificate for a server or a client, and its key",
    .usage    = "--dir DIR --server|--client|--peer --name NAME --out PREFIX [options]",
    .about    = "The certificate has the profile that mutual TLS needs and is entered in the register.",
    .opts     = opts,
    .examples = "  handfast ca issue --dir ca --server --name www --dns www.example.com --ip 192.0.2.1 --out www\n"
                "  handfast ca issue --dir ca --client --name alice --uri spiffe://example.com/alice --out alice\n"
                "  handfast ca issue --dir ca --client --name bob --csr bob.csr --days 30 --out bob\n",
};

static bool usable(const struct issue *o)
{
    if (!o->dir || !o->out || !o->name)
        return opt_complain(&command, "--%s is missing.", !o->dir ? "dir" : !o->out ? "out" : "name");
    if (o->server + o->client + o->peer != 1)
        return opt_complain(&command, "say what it is for: one of --server, --client and --peer.");
    if (o->csr && o->key)
        return opt_complain(&command, "--csr brings a key; --key is for a new one. Give one of them.");
    if (o->days && o->has_after)
        return opt_complain(&command, "--days and --not-after both say when it ends. Give one of them.");
    return true;
}

/* ---- the names ---- */

struct names {
    struct alt_name v[4 * OPT_LIST_MAX];
    size_t          n;
};

static void take(struct names *to, enum name_kind kind, const struct opt_list *from)
{
    for (unsigned i = 0; i < from->n; i++)
        to->v[to->n++] = (struct alt_name){kind, from->v[i]};
}

/* A server that has none is found under its NAME, when that is a host name or an address. */
static struct names names_of(const struct issue *o)
{
    struct names n = {.n = 0};
    uint8_t      ip[16];
    size_t       len;
    take(&n, NAME_DNS, &o->dns);
    take(&n, NAME_IP, &o->ip);
    take(&n, NAME_URI, &o->uri);
    take(&n, NAME_MAIL, &o->mail);
    if (o->client || o->dns.n || o->ip.n)
        return n;
    if (name_is_ip(o->name, ip, &len))
        n.v[n.n++] = (struct alt_name){NAME_IP, o->name};
    else if (dns_well_formed(o->name))
        n.v[n.n++] = (struct alt_name){NAME_DNS, o->name};
    return n;
}

/* ---- what is issued ---- */

struct job {
    struct mem       mem;
    struct ca_issuer issuer;
    struct csr       csr;
    uint8_t         *csr_der, *own_spki;
    struct key      *key;
    char            *key_pem;
    size_t           key_pem_n;
    hf_view          spki;
    struct ca_made   made;
    struct newfiles  files;
    char             pem_file[PATH_MAX], key_file[PATH_MAX];
};

static bool get_key(struct job *j, const struct issue *o, struct report *rep)
{
    size_t n;
    if (o->csr) {
        bool ok = ca_request_load(&j->csr, &j->csr_der, o->csr, &j->mem, rep);
        j->spki = j->csr.spki;
        return ok;
    }
    j->key = ca_key_generate(o->key, rep);
    if (!j->key)
        return false;
    j->key_pem  = key_to_pem(j->key, NULL, &j->mem, &j->key_pem_n);
    j->own_spki = key_spki(j->key, &j->mem, &n);
    j->spki     = (hf_view){j->own_spki, n};
    return (j->key_pem && j->own_spki) || no_memory(rep, j->mem.used);
}

/* What was not asked for fits the issuer: nothing begins before it or ends behind it. */
static void set_dates(struct cert_spec *s, const struct issue *o, const struct cert *issuer)
{
    int64_t now   = ca_now();
    s->not_before = o->has_before ? o->not_before : now - CA_SKEW;
    if (!o->has_before && s->not_before < issuer->not_before)
        s->not_before = issuer->not_before;
    s->not_after = (o->has_before ? o->not_before : now) + (int64_t)(o->days ? o->days : CA_DAYS_ISSUED) * CA_DAY;
    if (!o->days && s->not_after > issuer->not_after)
        s->not_after = issuer->not_after;
    if (o->has_after)
        s->not_after = o->not_after;
    if (!o->has_before && s->not_before > s->not_after) /* an end in the past: expired, but well formed */
        s->not_before = s->not_after - CA_DAY;
}

static bool make(struct job *j, const struct issue *o, struct report *rep)
{
    uint8_t          room[4096];
    struct wr        w     = wr_fixed(room, sizeof room);
    struct names     names = names_of(o);
    struct issuer    by    = {&j->issuer.cert, j->issuer.key};
    struct cert_spec s     = cert_spec_for(o->server ? USE_SERVER : o->client ? USE_CLIENT : USE_PEER);
    if (!dn_write(&w, o->name, rep) || !get_key(j, o, rep))
        return false;
    s.subject = wr_done(&w);
    s.names   = names.v;
    s.n_names = names.n;
    set_dates(&s, o, &j->issuer.cert);
    return ca_make(&j->made, &s, j->spki, &by, &j->mem, rep);
}

/* ---- files and register ---- */

static bool add_chain(struct job *j, struct report *rep)
{
    size_t n     = j->made.pem_n + j->issuer.pem_n;
    char  *chain = mem_alloc(&j->mem, n);
    bool   ok;
    if (!chain)
        return no_memory(rep, n);
    memcpy(chain, j->made.pem, j->made.pem_n);
    memcpy(chain + j->made.pem_n, j->issuer.pem, j->issuer.pem_n);
    ok = newfiles_add(&j->files, j->pem_file, chain, n, 0644, rep);
    mem_free(&j->mem, chain);
    return ok;
}

static bool commit(struct job *j, struct ca_register *r, const char *profile, struct report *rep)
{
    bool ok = add_chain(j, rep) &&
              (!j->key || newfiles_add(&j->files, j->key_file, j->key_pem, j->key_pem_n, 0600, rep)) &&
              ca_register_begin(r, rep) &&
              ca_register_add(r, (hf_view){j->made.der, j->made.der_n}, profile, ca_now(), rep) &&
              newfiles_place(&j->files, rep) && ca_register_commit(r, rep);
    if (ok)
        newfiles_keep(&j->files);
    else {
        ca_register_rollback(r);
        newfiles_drop(&j->files);
    }
    return ok;
}

static bool out_files(struct job *j, const char *out, struct report *rep)
{
    int n = snprintf(j->pem_file, PATH_MAX, "%s.pem", out), k = snprintf(j->key_file, PATH_MAX, "%s.key", out);
    return (n < PATH_MAX && k < PATH_MAX) || fail_text(rep, CA_OUT_LONG, 0, PATH_MAX, n, out);
}

/* ---- what a person is told ---- */

static void print_names(hf_view san)
{
    struct gen_name name;
    char            text[300];
    size_t          at = 0;
    for (const char *comma = ""; san_next(san, &at, &name); comma = ", ") {
        gen_name_text(&name, text, sizeof text);
        printf("%s%s", comma, text);
    }
}

static void tell(const struct job *j, const struct issue *o)
{
    struct report rep;
    struct cert   c;
    char          name[512], until[24];
    report_init(&rep);
    if (!cert_parse(&c, (hf_view){j->made.der, j->made.der_n}, &rep))
        return;
    dn_text(c.subject, name, sizeof name);
    printf("Issued %s", name);
    if (c.has & EXT_SAN) {
        printf(" (");
        print_names(c.san);
        printf(")");
    }
    printf(", valid until %s:\n  %s   the certificate and its intermediate (--cert)\n", when_text(c.not_after, until),
           j->pem_file);
    if (j->key)
        printf("  %s   its private key (--key), for this host or the one that uses it only\n", j->key_file);
    printf("  %s/root.pem   for those who shall trust it (--cacert)\n", o->dir);
    if (j->csr.san.n) {
        printf("The request asks for ");
        print_names(j->csr.san);
        printf("; what is to be in the certificate is given with --dns, --ip, --uri and --mail.\n");
    }
}

static bool issue(struct job *j, const struct issue *o, struct report *rep)
{
    const char         *profile = o->server ? "server" : o->client ? "client" : "peer";
    char                file[PATH_MAX];
    struct ca_register *r;
    sigset_t            old;
    bool                ok = false;
    if (!out_files(j, o->out, rep) || !ca_path(file, o->dir, "register.db", rep))
        return false;
    r = ca_register_open(file, rep);
    if (r && ca_issuer_load(&j->issuer, o->dir, &j->mem, rep) && make(j, o, rep)) {
        ca_hold_signals(&old);
        ok = commit(j, r, profile, rep);
        ca_let_signals(&old);
    }
    ca_register_close(r);
    return ok;
}

static void job_free(struct job *j)
{
    ca_issuer_free(&j->issuer, &j->mem);
    ca_free_made(&j->made, &j->mem);
    mem_free(&j->mem, j->csr_der);
    mem_free(&j->mem, j->own_spki);
    mem_free(&j->mem, j->key_pem);
    key_free(j->key);
    free(j);
}

int ca_issue(int argc, char **argv)
{
    struct issue    o = {0};
    struct report   rep;
    struct job     *j;
    enum opt_result parsed = opt_parse(&command, argc, argv, &o, NULL);
    if (parsed != OPT_RUN || !usable(&o))
        return parsed == OPT_HELPED ? EXIT_OK : EXIT_WRONG;
    j = calloc(1, sizeof *j); /* it holds the intermediate's PEM: too large for a stack */
    report_init(&rep);
    if (!j)
        no_memory(&rep, sizeof *j);
    else if (ca_ready(&rep) && issue(j, &o, &rep))
        tell(j, &o);
    if (j)
        job_free(j);
    return report_bad(&rep) ? ca_failed(&command, &rep) : EXIT_OK;
}
