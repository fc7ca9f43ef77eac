/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.c - see settings.h.
 *
 * Invariants:
 *   1. Nothing runs half configured: every rule is checked and the configuration is sealed before a socket exists.
 *   2. A server that lets anybody in, or asks nobody, says so by an option; it is never the result of leaving one out.
 */
#include "settings.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"
#include "prog/log.h"
#include "prog/status.h"
#include "prog/ticket_keys.h"
#include "x509/cert.h"

enum { ALPN_TEXT = 1024, NAMES_MAX = 1024, TICKETS_GIVEN = 1, TICKET_LIFE_S = 2 * 3600 };

const char *settings_cert(void *into, const char *file)
{
    struct settings *s = into;
    if (s->n_creds == CREDS_MAX)
        return "too many certificates";
    s->creds[s->n_creds++].chain = file;
    return NULL;
}

const char *settings_key(void *into, const char *file)
{
    struct settings *s = into;
    if (s->n_creds == 0)
        return "name the certificate before its key: --cert FILE --key FILE";
    if (s->creds[s->n_creds - 1].raw)
        return "--raw-key is the key itself; a certificate begins with --cert";
    if (s->creds[s->n_creds - 1].key)
        return "this certificate has a key already; the next pair begins with --cert";
    s->creds[s->n_creds - 1].key = file;
    return NULL;
}

const char *settings_keystore(void *into, const char *file)
{
    return settings_cert(into, file);
}

const char *settings_staple(void *into, const char *file)
{
    struct settings *s = into;
    if (s->n_creds == 0)
        return "name the certificate before its OCSP response: --cert FILE --key FILE --staple FILE";
    if (s->creds[s->n_creds - 1].raw)
        return "a raw public key has no OCSP response";
    if (s->creds[s->n_creds - 1].staple)
        return "this certificate has an OCSP response already; the next one begins with --cert";
    s->creds[s->n_creds - 1].staple = file;
    return NULL;
}

const char *settings_raw_key(void *into, const char *file)
{
    struct settings *s   = into;
    const char      *bad = settings_cert(into, file);
    if (!bad)
        s->creds[s->n_creds - 1].raw = true;
    return bad;
}

static unsigned trusted(const struct settings *s)
{
    return s->cacerts.n + s->pins.n + s->pin_keys.n;
}

/* ---- rules --------------------------------------------------------------------------------------------- */

static bool check_places(const struct settings *s, const struct command *c)
{
    struct place_rule rule;
    const char       *bad = place_set_rule(&s->places, &rule);
    if (bad)
        return opt_complain(c, "%s.", bad);
    if (s->places.one_place && s->disable_auth)
        return opt_complain(c, "--one-place counts certificates, and --disable-authentication asks for none.");
    struct store_at at;
    if ((bad = store_set_at(&s->store, &at)))
        return opt_complain(c, "%s.", bad);
    if (s->store.presence && !s->places.one_place && !s->rules.file)
        return opt_complain(c, "--presence shares what --one-place counts: give --one-place too.");
    if (s->places.grace_ms >= s->handshake_ms)
        return opt_complain(c, "--place-grace passes within the handshake: raise --handshake-timeout above it.");
    return true;
}

static bool check_server(const struct settings *s, const struct command *c)
{
    if (s->n_creds == 0)
        return opt_complain(c, "a server needs a certificate: give --cert FILE --key FILE (or --raw-key FILE).");
    if (rules_any(&s->rules) && s->disable_auth)
        return opt_complain(c,
                            "--disable-authentication and --allow-... (or --rules) exclude each other: nobody is asked "
                            "for a certificate that rules could look at.");
    if (s->disable_auth && s->client_auth)
        return opt_complain(c, "--client-auth and --disable-authentication exclude each other.");
    if (s->disable_auth && (trusted(s) || s->crls.n || s->ca_names))
        return opt_complain(c, "--disable-authentication asks no client for a certificate: leave --cacert, --pin, "
                               "--pin-key, --crl and --ca-names out.");
    if (!rules_any(&s->rules) && !s->disable_auth)
        return opt_complain(c, "who may come in? --allow-uri, --allow-cn and their like name clients, --rules FILE has "
                               "all rules, --allow-all lets in every client whose certificate is valid, "
                               "--disable-authentication asks for none.");
    if (s->proxy_mode && !s->proxy_protocol)
        return opt_complain(c, "--proxy-protocol-mode goes with --proxy-protocol.");
    if (s->http_headers && s->disable_auth)
        return opt_complain(c, "--http-headers tells a service whose certificate was proven: leave "
                               "--disable-authentication out.");
    if (s->http_headers && s->alpn && strstr(s->alpn, "h2"))
        return opt_complain(c, "--http-headers reads HTTP/1.1 only: leave h2 out of --alpn.");
    if (s->ticket_keys && s->no_tickets)
        return opt_complain(c, "--ticket-keys and --no-tickets exclude each other.");
    if (!s->disable_auth && !trusted(s))
        return opt_complain(c, "who may vouch for clients? Give --cacert FILE with the CA certificates, or --pin FILE "
                               "with the very certificates (--pin-key FILE: raw public keys) that may come in.");
    return check_places(s, c);
}

static bool check_client(const struct settings *s, const struct command *c)
{
    if (!trusted(s) && !s->explains)
        return opt_complain(c,
                            "who may vouch for the server? Give --cacert FILE with the CA certificates, or --pin FILE "
                            "with the server's very certificate (--pin-key FILE: its raw public key).");
    if (s->disable_auth && s->n_creds)
        return opt_complain(c, "--disable-authentication presents no certificate: leave --cert and --key out.");
    return true;
}

bool settings_check(const struct settings *s, const struct command *c)
{
    const char *bad = s->pass ? pass_check(s->pass) : NULL;
    if (bad)
        return opt_complain(c, "--pass %s: %s.", s->pass, bad);
    if (s->status && (bad = status_check(s->status)))
        return opt_complain(c, "--status %s: %s.", s->status, bad);
    if (s->alpn && strlen(s->alpn) >= ALPN_TEXT)
        return opt_complain(c, "--alpn is longer than %d characters.", ALPN_TEXT - 1);
    if (s->tls_min && s->tls_max && s->tls_min > s->tls_max)
        return opt_complain(c, "--tls-min is newer than --tls-max.");
    return s->role == HF_SERVER ? check_server(s, c) : check_client(s, c);
}

const char *settings_server_name(const struct settings *s, const char *target_host)
{
    return s->server_name ? s->server_name : target_host[0] ? target_host : NULL;
}

/* A client's --verify-... without --server-name: the name of the host is asked for, and who it is, is said otherwise. */
static bool name_by_rules(const struct settings *s)
{
    return s->role == HF_CLIENT && rules_any(&s->rules) && !s->server_name;
}

int settings_keylog(const struct settings *s, struct report *rep)
{
    int fd = s->keylog ? open(s->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (s->keylog && fd < 0)
        fail_text(rep, KEYLOG_UNWRITABLE, 0, 0, 0, s->keylog);
    return fd;
}

/* ---- the library's configuration ----------------------------------------------------------------------- */

/* The subjects of the certificates in a file, as the CA names to announce. */
static bool names_listed(hf_trust *t, const char *file, struct report *rep)
{
    struct mem       m = {0};
    struct pem_block b[NAMES_MAX];
    hf_view          names[NAMES_MAX];
    size_t           n = 0, used = 0, len, at = 0;
    uint8_t         *text = file_read(file, &len, &m, rep);
    while (text && n < NAMES_MAX && pem_next((hf_view){text, len}, &at, &b[used], &m, rep)) {
        struct cert c;
        used++;
        if (!cert_parse(&c, (hf_view){b[used - 1].der, b[used - 1].n}, rep))
            break;
        names[n++] = c.subject;
    }
    if (text && !report_bad(rep) && n == 0)
        fail_text(rep, NAMES_FILE_EMPTY, 0, 0, 0, file);
    if (!report_bad(rep))
        hf_trust_hints(t, HF_HINTS_LISTED, names, n);
    while (used)
        pem_free(&b[--used], &m);
    mem_free(&m, text);
    return !report_bad(rep);
}

static bool set_hints(const struct settings *s, hf_trust *t, struct report *rep)
{
    if (!s->ca_names || strcmp(s->ca_names, "from-trust") == 0)
        return true;
    if (strcmp(s->ca_names, "none") == 0)
        return hf_trust_hints(t, HF_HINTS_EMPTY, NULL, 0);
    return names_listed(t, s->ca_names, rep);
}

static bool set_trust(const struct settings *s, hf_config *cfg, hf_trust *t, struct report *rep)
{
    enum hf_demand demand = s->role == HF_CLIENT ? HF_REQUIRE : s->client_auth == AUTH_OPTIONAL ? HF_ASK : HF_REQUIRE;
    for (unsigned i = 0; i < s->cacerts.n; i++)
        hf_trust_anchor_file(t, s->cacerts.v[i]);
    for (unsigned i = 0; i < s->pins.n; i++)
        hf_trust_pin_file(t, s->pins.v[i]);
    for (unsigned i = 0; i < s->pin_keys.n; i++)
        hf_trust_pin_key_file(t, s->pin_keys.v[i]);
    for (unsigned i = 0; i < s->crls.n; i++)
        hf_trust_crl_file(t, s->crls.v[i]);
    bool ok = set_hints(s, t, rep);
    hf_config_trust(cfg, t, demand); /* what is wrong with the files comes out at the seal */
    return ok;
}

static void set_creds(const struct settings *s, hf_config *cfg)
{
    for (unsigned i = 0; i < s->n_creds; i++) {
        void    *pass = (void *)(uintptr_t)s->pass;
        hf_cred *k    = s->creds[i].raw ? hf_cred_raw_key(s->creds[i].chain, pass_ask, pass)
                                        : hf_cred_files(s->creds[i].chain, s->creds[i].key, pass_ask, pass);
        if (k && s->creds[i].staple)
            hf_cred_staple_file(k, s->creds[i].staple); /* what is wrong with it comes out at the seal */
        hf_config_cred(cfg, k);
    }
}

void settings_alpn(const struct settings *s, hf_config *cfg)
{
    char        list[ALPN_TEXT];
    const char *name[ALPN_TEXT / 2];
    size_t      n = 0;
    char       *at;
    if (!s->alpn)
        return;
    text_add(list, sizeof list, 0, "%s", s->alpn);
    for (char *p = strtok_r(list, ",", &at); p; p = strtok_r(NULL, ",", &at))
        name[n++] = p;
    hf_config_alpn(cfg, name, n);
}

static uint16_t version_code(unsigned choice, uint16_t otherwise)
{
    return choice == TLS_1_2 ? 0x0303 : choice == TLS_1_3 ? 0x0304 : otherwise;
}

hf_rules *settings_rules(const struct settings *s, hf_why *why)
{
    struct rules_set set = s->rules;
    set.nobody_too       = s->client_auth == AUTH_OPTIONAL;
    return rules_load(&set, s->role == HF_SERVER ? "--allow-" : "--verify-", why);
}

/* Server: gives tickets, whose keys are those of the file as it is now, or the process's own. */
static bool set_tickets(const struct settings *s, hf_config *cfg, struct report *rep)
{
    hf_config_sessions(cfg, s->resumes);
    if (!s->ticket_keys) {
        hf_config_tickets(cfg, s->tickets, TICKETS_GIVEN, TICKET_LIFE_S);
        return true;
    }
    hf_tickets *t = ticket_keys_read(s->ticket_keys, rep);
    hf_config_tickets(cfg, t, TICKETS_GIVEN, TICKET_LIFE_S);
    hf_tickets_free(t);
    return t;
}

static unsigned strictness(const struct settings *s)
{
    return (s->profile == PROFILE_OF_WEB ? HF_STRICT_WEB : 0) | (s->require_eku ? HF_STRICT_EKU : 0) |
           (s->only_roots ? HF_STRICT_ROOTS : 0);
}

hf_config *settings_config(const struct settings *s, bool trace, hf_why *why)
{
    struct report rep;
    bool          asks = s->role == HF_CLIENT || !s->disable_auth;
    hf_config    *cfg  = hf_config_new(s->role);
    hf_trust     *t    = asks ? hf_trust_new() : NULL;
    report_init(&rep);
    bool ok = cfg && (t || !asks) ? !asks || set_trust(s, cfg, t, &rep) : fail(&rep, START_NO_MEMORY, 0, 0, 0);
    ok      = ok && set_tickets(s, cfg, &rep);
    if (ok) {
        set_creds(s, cfg);
        settings_alpn(s, cfg);
        hf_config_compression(cfg, s->compress);
        hf_config_strict(cfg, strictness(s));
        if (s->require_staple)
            hf_config_staple(cfg, HF_REQUIRE);
        if (s->tls_min || s->tls_max)
            hf_config_versions(cfg, version_code(s->tls_min, s->tls_max == TLS_1_2 ? 0x0303 : 0x0304),
                               version_code(s->tls_max, 0x0304));
        hf_config_ask_verdict(cfg, rules_any(&s->rules));
        hf_config_name_by_verdict(cfg, name_by_rules(s));
        hf_config_trace(cfg, trace);
        hf_config_insecure_keylog(cfg, s->keylog != NULL);
        ok = hf_config_seal(cfg, log_now_ms(), why);
    } else
        *why = rep.why;
    if (ok)
        return cfg;
    hf_config_free(cfg);
    return NULL;
}
