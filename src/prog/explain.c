/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.c - `handfast explain HOST:PORT`: the options, and the order of work.
 */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "prog/commands.h"
#include "prog/eyes.h"
#include "prog/log.h"
#include "prog/outlet.h"

#define AT(field) offsetof(struct explain, field)

static const struct opt options[] = {
    {NULL, OPT_HEADING, 0, NULL, "Who we are", NULL, NULL},
    OPT_ROW_CERT,
    OPT_ROW_KEY,
    OPT_ROW_KEYSTORE,
    OPT_ROW_PASS,
    {NULL, OPT_HEADING, 0, NULL, "Who the server must be", NULL, NULL},
    {"cacert", OPT_MANY, SETTINGS_AT(cacerts), "FILE",
     "CA certificates that may vouch for it (the system's\ntrust store); may be given again", NULL, NULL},
    {"crl", OPT_MANY, SETTINGS_AT(crls), "PATH", "revocation lists: a file or a folder; may be given again", NULL,
     NULL},
    {"name", OPT_TEXT, AT(name), "NAME", "the name its certificate must have (HOST)", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "How to ask", NULL, NULL},
    {"sni", OPT_TEXT, AT(sni), "NAME", "the name to send (that of --name)", NULL, NULL},
    {"no-sni", OPT_FLAG, AT(no_sni), NULL, "send no name", NULL, NULL},
    {"tls-min", OPT_CHOICE, SETTINGS_AT(tls_min), "1.2|1.3", "oldest TLS version (1.2)", NULL, NULL},
    {"tls-max", OPT_CHOICE, SETTINGS_AT(tls_max), "1.2|1.3", "newest TLS version (1.3)", NULL, NULL},
    {"alpn", OPT_TEXT, SETTINGS_AT(alpn), "LIST", "application protocols, best first: h2,http/1.1", NULL, NULL},
    {"http", OPT_TEXT, AT(http_path), "PATH", "the path to ask for when the handshake is done (/)", NULL, NULL},
    {"http-host", OPT_TEXT, AT(http_host), "HOST", "the host to ask for (that of --name)", NULL, NULL},
    {"expect-mutual", OPT_FLAG, AT(expect_mutual), NULL, "a server that asks for no certificate is a fault", NULL,
     NULL},
    {"proxy-protocol", OPT_FLAG, AT(proxy), NULL, "send a PROXY header first", NULL, NULL},
    {"starttls", OPT_CHOICE, AT(starttls), "smtp|imap|postgres|ldap", "change to TLS inside this protocol", NULL, NULL},
    {"probe", OPT_FLAG, AT(do_probe), NULL, "make other attempts to compare with (the default)", NULL, NULL},
    {"no-probe", OPT_FLAG, AT(no_probe), NULL, "one connection only: no other attempts to compare with", NULL, NULL},
    {"timeout", OPT_MS, AT(timeout_ms), "TIME", "for reaching the server and for each handshake (10s)", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "In place of HOST:PORT", NULL, NULL},
    {"pcap", OPT_TEXT, AT(pcap), "FILE", "the handshakes in a capture (pcap, pcapng) of others", NULL, NULL},
    {"keylog", OPT_TEXT, SETTINGS_AT(keylog), "FILE", "their secrets (SSLKEYLOGFILE), to open what is encrypted", NULL,
     NULL},
    {"trace", OPT_TEXT, AT(trace), "FILE", "the refusals that handfast server --explain FILE has kept", NULL, NULL},
    {NULL, OPT_HEADING, 0, NULL, "Output", NULL, NULL},
    {"json", OPT_FLAG, AT(json), NULL, "one JSON object with everything (doc/explain.md)", NULL, NULL},
    {"fields", OPT_FLAG, AT(fields), NULL, "every field of each message", NULL, NULL},
    {"bytes", OPT_FLAG, AT(bytes), NULL, "and its bytes", NULL, NULL},
    {"html", OPT_TEXT, AT(html), "FILE", "one page with all of it, to be opened in a browser", NULL, NULL},
    OPT_ROW_STOREPASS,
    {0},
};

static const struct command command = {
    .name  = "explain",
    .brief = "a handshake told message by message, and why it fails",
    .usage = "HOST:PORT | --pcap FILE | --trace FILE [--cert FILE --key FILE] [--cacert FILE] [options]",
    .about =
        "Looks at the files first, then makes the handshake and tells it, asks the server for something to hear its\n"
        "verdict on our certificate, tries what else tells causes apart (a few short connections to the same\n"
        "port), and ends with one verdict: what is wrong, on which side, how sure that is, and what to do.\n"
        "Exit status: 0 nothing is wrong, 1 it does not work and the cause is named, 2 nobody was reached or wrong "
        "use.",
    .opts     = options,
    .examples = "  handfast explain service.example:8443 --cert alice.pem --key alice.key --cacert ca.pem\n"
                "  handfast explain 10.0.0.7:443 --name api.example --keystore alice.p12 --pass file:pass --json\n"
                "  handfast explain --pcap tls.pcap --keylog keys.txt --cacert ca.pem\n"
                "  handfast explain mail.example:25 --starttls smtp --cert alice.pem --key alice.key\n",
    .max_args = 1,
};

/* ---- names --------------------------------------------------------------------------------------------- */

const char *explain_name(const struct explain *x)
{
    return x->name ? x->name : x->sni ? x->sni : x->target.host[0] ? x->target.host : NULL;
}

const char *explain_sni(const struct explain *x)
{
    return x->no_sni ? NULL : x->sni ? x->sni : explain_name(x);
}

/* ---- one attempt --------------------------------------------------------------------------------------- */

bool explain_sends_sni(const struct explain *x)
{
    uint8_t ip[16];
    size_t  n;
    return explain_sni(x) && !name_is_ip(explain_sni(x), ip, &n);
}

static hf_config *seal(const struct explain *x, hf_config *c, unsigned min, unsigned max, hf_why *why)
{
    settings_alpn(&x->set, c);
    hf_config_versions(c, min == TLS_1_3 ? 0x0304 : 0x0303, max == TLS_1_2 ? 0x0303 : 0x0304);
    hf_config_trace(c, true);
    hf_config_sessions(c, true);
    hf_config_insecure_unverified(c, true); /* its chain is judged here, for the tale to go on */
    if (hf_config_seal(c, log_now_ms(), why))
        return c;
    hf_config_free(c);
    return NULL;
}

hf_config *explain_config_of(const struct explain *x, hf_cred *take, hf_why *why)
{
    hf_config *c = hf_config_new(HF_CLIENT);
    if (!c)
        return NULL;
    hf_config_cred(c, take);
    return seal(x, c, x->set.tls_min, x->set.tls_max, why);
}

hf_config *explain_config(const struct explain *x, int cred, unsigned min, unsigned max, hf_why *why)
{
    hf_config *c = hf_config_new(HF_CLIENT);
    if (!c)
        return NULL;
    for (unsigned i = 0; i < x->own.n_creds; i++)
        if (x->own.creds[i].usable && (cred == CRED_ALL || cred == (int)i))
            hf_config_cred(c, mine_cred_again(&x->set, i));
    return seal(x, c, min, max, why);
}

void explain_how(const struct explain *x, struct live_how *how)
{
    const char *name = explain_name(x);
    *how             = (struct live_how){.target      = &x->target,
                                         .server_name = explain_sni(x),
                                         .proxy       = x->proxy,
                                         .starttls    = x->starttls,
                                         .timeout_ms  = x->timeout_ms,
                                         .ask         = !x->starttls,
                                         .path        = x->set.path,
                                         .host        = x->http_host ? x->http_host
                                                        : name       ? name
                                                                     : "localhost"};
}

static bool attempt(struct explain *x)
{
    struct live_how how;
    hf_why          why;
    explain_how(x, &how);
    how.cfg = explain_config(x, CRED_ALL, x->set.tls_min, x->set.tls_max, &why);
    if (!how.cfg) {
        hf_why_print(&why, stderr);
        return false;
    }
    live_run(&x->live, &how);
    hf_config_free(how.cfg);
    return true;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static bool usable(struct explain *x)
{
    const char *bad = addr_split(&x->target, x->set.target);
    if (!bad && !x->target.is_unix && !x->target.host[0])
        bad = "name a host";
    if (bad)
        return opt_complain(&command, "%s: %s.", x->set.target, bad);
    if (x->no_sni && x->sni)
        return opt_complain(&command, "--sni and --no-sni exclude each other.");
    if (x->do_probe && x->no_probe)
        return opt_complain(&command, "--probe and --no-probe exclude each other.");
    if (x->http_path && x->http_path[0] != '/')
        return opt_complain(&command, "--http %s: a path begins with a slash.", x->http_path);
    x->set.path = x->http_path ? x->http_path : "/";
    return settings_check(&x->set, &command);
}

static bool print(const struct explain *x)
{
    struct outlet o;
    if (!outlet_open(&o, x, false))
        return false;
    json_t *tale = tale_of(x);
    outlet_tale(&o, tale);
    json_decref(tale);
    return outlet_close(&o);
}

static int status_of(const struct explain *x)
{
    enum live_end end = x->live.out.end;
    if (strcmp(x->verdict.reason, "ok") == 0)
        return EXIT_OK;
    return end == END_DIAL && x->verdict.fault == FAULT_NETWORK ? EXIT_WRONG : EXIT_REFUSED;
}

static int run(struct explain *x)
{
    struct report rep;
    report_init(&rep);
    if (!mine_load(&x->own, &x->set, log_now_ms() / 1000))
        return EXIT_WRONG;
    if (!addr_resolve(&x->target, false, &rep)) {
        x->live.out.end = END_DIAL;
        x->live.out.why = rep.why;
    } else if (!attempt(x))
        return EXIT_WRONG;
    explain_judge(x);
    if (!x->no_probe && x->live.out.end != END_DIAL)
        probe_all(x);
    explain_facts(x);
    verdict_find(&x->facts, &x->verdict);
    return print(x) ? status_of(x) : EXIT_WRONG;
}

static int explain(struct explain *x)
{
    if (!!x->pcap + !!x->trace + !!x->set.target > 1)
        opt_complain(&command, "HOST:PORT, --pcap and --trace exclude each other: name one.");
    else if (x->trace)
        return explain_trace(x);
    else if (x->pcap)
        return explain_capture(x);
    else if (x->set.keylog)
        opt_complain(&command, "--keylog goes with --pcap.");
    else if (!x->set.target)
        opt_complain(&command, "whom to connect to? Write `handfast explain HOST:PORT`.");
    else if (usable(x))
        return run(x);
    return EXIT_WRONG;
}

int explain_main(int argc, char **argv)
{
    struct explain *x    = calloc(1, sizeof *x);
    struct opt_list args = {0};
    int             status;
    if (!x)
        return EXIT_WRONG;
    x->set        = (struct settings){.role = HF_CLIENT, .explains = true};
    x->timeout_ms = 10000;
    switch (opt_parse(&command, argc, argv, x, &args)) {
    case OPT_HELPED:
        status = EXIT_OK;
        break;
    case OPT_WRONG:
        status = EXIT_WRONG;
        break;
    default:
        x->set.target = args.n ? args.v[0] : NULL;
        status        = explain(x);
    }
    check_run_drop(&x->server);
    live_free(&x->live);
    mine_free(&x->own);
    free(x);
    return status;
}
