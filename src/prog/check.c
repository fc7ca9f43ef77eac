/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - `handfast check`: would this certificate be accepted there, and why. No connection is made: the same
 * path validation runs that the server (or client) would run, on the same files.
 */
#include "prog/check.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/ip.h"
#include "base/limits.h"
#include "base/when.h"
#include "prog/commands.h"

#define AT(field) offsetof(struct check_run, field)

static const struct opt opts[] = {
    {NULL, OPT_HEADING, 0, NULL, "The certificate", NULL, NULL},
    {"cert", OPT_TEXT, AT(cert), "FILE", "the chain as it would be presented, leaf first (PEM or DER)", NULL, NULL},
    {"raw-key", OPT_TEXT, AT(raw_key), "FILE", "or the raw public key (PEM or DER) that would be shown in place of one",
     NULL, NULL},
    {"as", OPT_CHOICE, AT(as), "client|server", "what it is to be used as (client)", NULL, NULL},
    {"name", OPT_TEXT, AT(name), "NAME", "--as server: the host name or address it must be for", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Who judges it", NULL, NULL},
    {"cacert", OPT_MANY, AT(cacerts), "FILE", "the CA certificates that the other side trusts; may be given again",
     NULL, NULL},
    {"pin", OPT_MANY, AT(pins), "FILE", "leaf certificates that the other side has pinned", NULL, NULL},
    {"pin-key", OPT_MANY, AT(pin_keys), "FILE", "raw public keys that the other side has pinned", NULL, NULL},
    {"crl", OPT_MANY, AT(crls), "PATH",
     "the revocation lists that the other side has: a file or a folder;\nwith one, every CA of the path needs one",
     NULL, NULL},
    {"staple", OPT_TEXT, AT(staple), "FILE", "the OCSP response (DER) that would be sent with it", NULL, NULL},
    {"require-eku", OPT_FLAG, AT(require_eku), NULL, "refuse a leaf without extended key usage", NULL, NULL},
    {"only-roots", OPT_FLAG, AT(only_roots), NULL, "a chain must end at a self-signed CA (any CA that is trusted)",
     NULL, NULL},
    {"profile", OPT_CHOICE, AT(profile), "private|web", "RFC 5280 (private), or with the rules of public CAs (web)",
     NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "What the server's rules say (client)", NULL, NULL},
    {"rules", OPT_TEXT, AT(rules.file), "FILE", "its rules file: which rule decides, and why the others do not", NULL,
     NULL},
    OPT_ROWS_RULES("allow-", AT(rules), "as given to the server: a client"),
    {"allow-all", OPT_FLAG, AT(rules.all), NULL, "every client whose certificate is valid", NULL, NULL},
    {"from", OPT_TEXT, AT(from), "ADDR", "the source address of the client (a Unix socket)", NULL, NULL},
    {"sni", OPT_TEXT, AT(sni), "NAME", "the server name that it asks for (none)", NULL, NULL},
    {"listener", OPT_TEXT, AT(listener), "ADDR", "where it comes in, as --listen of the server says", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "When", NULL, NULL},
    {"time", OPT_TEXT, AT(time_text), "TIME", "the moment to judge it at, 2026-11-24T08:15:00Z (now)", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Output", NULL, NULL},
    {"json", OPT_FLAG, AT(json), NULL, "one JSON object instead of a tree", NULL, NULL},
    {0}};

static const struct command command = {
    .name  = "check",
    .brief = "says whether a certificate would be accepted, and why",
    .usage = "--cert FILE --cacert FILE [options]",
    .about = "Judges a chain as the other side would: every check with its verdict, every issuer that was considered,\n"
             "the cause of a refusal and its cure. For a client's certificate it also says which CA names the server\n"
             "would announce and whether the client would then send this certificate. Exit status: 0 accepted,\n"
             "1 refused, 2 wrong use or unusable files.",
    .opts  = opts,
    .examples = "  handfast check --cert alice.pem --cacert clients-ca.pem\n"
                "  handfast check --as server --name db.internal --cert db.pem --cacert ca.pem --json\n",
};

static bool complete(struct check_run *r)
{
    uint8_t ip[16];
    r->as  = r->as ? r->as : AS_CLIENT;
    r->now = (int64_t)time(NULL);
    if (!r->cert == !r->raw_key)
        return opt_complain(&command,
                            "name the certificate with --cert FILE, or the raw public key with --raw-key FILE.");
    if (r->cacerts.n + r->pins.n + r->pin_keys.n == 0)
        return opt_complain(&command,
                            "name the CA certificates that judge it with --cacert FILE, or --pin FILE, or the "
                            "raw public keys with --pin-key FILE.");
    if (r->name && r->as == AS_CLIENT)
        return opt_complain(&command, "--name goes with --as server: a client's certificate is not bound to a host.");
    if (rules_any(&r->rules) && r->as == AS_SERVER)
        return opt_complain(&command,
                            "--rules and --allow-... are what a server asks of clients: leave --as server out.");
    if (r->from && !ip_parse(r->from, ip))
        return opt_complain(&command, "--from %s is no IP address.", r->from);
    if (r->time_text && !when_parse(r->time_text, &r->now))
        return opt_complain(&command, "--time %s is no time; write it like 2026-11-24T08:15:00Z.", r->time_text);
    return true;
}

/* ---- loading ------------------------------------------------------------------------------------------- */

static bool load_trust(struct check_run *r)
{
    r->trust = hf_trust_new();
    for (unsigned i = 0; r->trust && i < r->cacerts.n; i++)
        hf_trust_anchor_file(r->trust, r->cacerts.v[i]);
    for (unsigned i = 0; r->trust && i < r->pins.n; i++)
        hf_trust_pin_file(r->trust, r->pins.v[i]);
    for (unsigned i = 0; r->trust && i < r->pin_keys.n; i++)
        hf_trust_pin_key_file(r->trust, r->pin_keys.v[i]);
    for (unsigned i = 0; r->trust && i < r->crls.n; i++)
        hf_trust_crl_file(r->trust, r->crls.v[i]);
    if (!r->trust || hf_trust_why(r->trust)->check == CHECK_NONE)
        return r->trust;
    hf_why_print(hf_trust_why(r->trust), stderr);
    return false;
}

static bool load_cert(struct check_run *r)
{
    size_t   n;
    uint8_t *bytes = file_read(r->raw_key ? r->raw_key : r->cert, &n, &r->mem, &r->rep);
    if (!bytes) {
        hf_why_print(&r->rep.why, stderr);
        return false;
    }
    r->cred = r->raw_key ? hf_cred_raw_external(bytes, n, r->raw_key) : hf_cred_external(bytes, n, r->cert);
    mem_free(&r->mem, bytes);
    if (!r->cred || hf_cred_why(r->cred)->check == CHECK_NONE)
        return r->cred;
    hf_why_print(hf_cred_why(r->cred), stderr);
    return false;
}

static bool load_staple(struct check_run *r)
{
    if (!r->staple)
        return true;
    r->response.p = file_read(r->staple, &r->response.n, &r->mem, &r->rep);
    if (r->response.p)
        return true;
    hf_why_print(&r->rep.why, stderr);
    return false;
}

/* ---- finding out ---------------------------------------------------------------------------------------- */

static void judge_chain(struct check_run *r)
{
    hf_view          chain[LIMIT_CHAIN];
    size_t           n   = cred_chain(r->cred, chain);
    struct valid_how how = {.trust        = r->trust,
                            .purpose      = r->as == AS_SERVER ? FOR_SERVER_AUTH : FOR_CLIENT_AUTH,
                            .profile      = r->profile == 2 ? PROFILE_WEB : PROFILE_PRIVATE,
                            .name         = r->name,
                            .now          = r->now,
                            .require_eku  = r->require_eku,
                            .only_roots   = r->only_roots,
                            .staple       = r->response,
                            .staple_asked = r->staple != NULL,
                            .tries        = &r->tries};
    report_keep(&r->rep, &r->mem);
    r->accepted = valid_shown(&how, chain, n, &r->mem, &r->path, &r->rep);
}

/* The client's side: the request that a server of ours would send, and what select would make of it. */
static void ask_client(struct check_run *r)
{
    hf_config   *client = hf_config_new(HF_CLIENT);
    struct exts  x      = {.seen = X_SIG_ALGS};
    struct asked a      = {.cfg = client, .version = 0x0304, .now = r->now, .x = &x, .raw = r->cred->raw};
    r->names            = wr_grow(&r->mem, LIMIT_CA_NAMES_BYTES);
    ca_names_write(r->trust, &r->names, &r->n_names, &r->n_names_cut);
    if (!client)
        return;
    x.sig_algs   = codes_view(&client->schemes_cert);
    x.ca_names   = wr_done(&r->names);
    x.n_ca_names = r->n_names;
    x.seen |= r->n_names ? X_CA_NAMES : 0;
    r->remark.check = (uint16_t)cred_remark(r->cred, &a, &r->remark.want, &r->remark.got);
    hf_config_free(client);
}

static int run(struct check_run *r)
{
    if (!complete(r) || !load_trust(r) || !load_cert(r) || !load_staple(r))
        return EXIT_WRONG;
    judge_chain(r);
    if (r->as == AS_CLIENT)
        ask_client(r);
    if (rules_any(&r->rules) && !check_rules_ask(r, check_leaf(r)))
        return EXIT_WRONG;
    if (r->json)
        check_print_json(r);
    else
        check_print_tree(r);
    return r->accepted && (!r->asked || r->ruling.admit) ? EXIT_OK : EXIT_REFUSED;
}

hf_view check_leaf(const struct check_run *r)
{
    const struct cert *c = r->path.n_certs ? &r->path.certs[0] : NULL;
    if (c && cert_is_bare(c))
        return c->spki;
    return c && c->version ? c->der : (hf_view){NULL, 0};
}

const char *check_role(const struct check_run *r, int cert, char out[static 32])
{
    if (cert == CERT_ANCHOR)
        return "anchor";
    if (cert < 0)
        return "chain";
    snprintf(out, 32, "%s-cert[%d]", r->as == AS_SERVER ? "server" : "client", cert);
    return out;
}

void check_run_drop(struct check_run *r)
{
    wr_free(&r->names);
    mem_free(&r->mem, (void *)(uintptr_t)r->response.p);
    report_drop(&r->rep);
    valid_path_free(&r->path, &r->mem);
}

int check_main(int argc, char **argv)
{
    struct check_run r = {0};
    struct opt_list  args;
    report_init(&r.rep);
    enum opt_result parsed = opt_parse(&command, argc, argv, &r, &args);
    int             status = parsed == OPT_HELPED ? EXIT_OK : EXIT_WRONG;
    if (parsed == OPT_RUN)
        status = run(&r);
    check_run_drop(&r);
    hf_cred_free(r.cred);
    hf_trust_free(r.trust);
    hf_rules_free(r.asked);
    return status;
}
