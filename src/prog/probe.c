/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.c - other attempts at the same port, each of which differs from the main one in one thing: the difference is
 * the diagnosis. Only those are made whose answer can change the verdict; at most LIMIT of them, one after the
 * other, with a pause between, and none to another host.
 */
#include <time.h>

#include "prog/explain.h"
#include "prog/log.h"
#include "tls/codes.h"

enum { PROBES_LIMIT = 8, PROBE_MS = 5000, PAUSE_MS = 20, SILENT_MS = 1500 };

static const struct {
    const char *code, *name;
} names[N_PROBES] = {
    [PROBE_NO_CERT]  = {"no-certificate", "without a certificate"},
    [PROBE_TLS12]    = {"tls-1.2", "in TLS 1.2 only"},
    [PROBE_TLS13]    = {"tls-1.3", "in TLS 1.3 only"},
    [PROBE_SNI]      = {"sni", "with the server name"},
    [PROBE_NO_SNI]   = {"no-sni", "without a server name"},
    [PROBE_SILENT]   = {"silent", "asking for nothing"},
    [PROBE_RESUMED]  = {"resumed", "going on from the ticket of the first"},
    [PROBE_COMPLETE] = {"chain-completed", "with our chain completed from the CA files"},
    [PROBE_OTHER]    = {"other-credential", "with another credential"},
    [PROBE_PROXY]    = {"proxy-header", "with a PROXY header first"},
    [PROBE_NO_PROXY] = {"no-proxy-header", "without the PROXY header"},
    [PROBE_PLAIN]    = {"plain-http", "plain HTTP"},
    [PROBE_POSTGRES] = {"postgres", "PostgreSQL's request for TLS"},
    [PROBE_LDAP]     = {"ldap", "LDAP's request for TLS"},
    [PROBE_SUITES]   = {"more-suites", "a hello with more cipher suites"},
    [PROBE_GROUPS]   = {"more-groups", "a hello with more groups"},
    [PROBE_SIGALGS]  = {"more-signatures", "a hello with more signature algorithms"},
    [PROBE_RAW_KEYS] = {"raw-keys", "a hello with raw public keys too"},
    [PROBE_OLD]      = {"older-versions", "a hello with TLS 1.0 and 1.1"},
};

const char *probe_name(enum probe p)
{
    return names[p].name;
}

const char *probe_code(enum probe p)
{
    return names[p].code;
}

/* ---- making one ---------------------------------------------------------------------------------------- */

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

static bool may(struct explain *x, enum probe p)
{
    unsigned made = 0;
    for (unsigned i = 0; i < N_PROBES; i++)
        made += x->probe[i].made;
    if (made >= PROBES_LIMIT || x->probe[p].made)
        return false;
    pause_a_little();
    return x->probe[p].made = true;
}

static void run_with(struct explain *x, enum probe p, hf_config *take, const struct live_how *how)
{
    struct live l;
    if (!take)
        return;
    struct live_how h = *how;
    h.cfg             = take;
    h.timeout_ms      = h.timeout_ms < PROBE_MS ? h.timeout_ms : PROBE_MS;
    live_run(&l, &h);
    x->probe[p].out = l.out;
    live_free(&l);
    hf_config_free(take);
}

static void run(struct explain *x, enum probe p, int cred, unsigned min, unsigned max, const struct live_how *how)
{
    hf_why why;
    if (may(x, p))
        run_with(x, p, explain_config(x, cred, min, max, &why), how);
}

static void again(struct explain *x, enum probe p, int cred, unsigned min, unsigned max)
{
    struct live_how how;
    explain_how(x, &how);
    run(x, p, cred, min, max, &how);
}

static void with_name(struct explain *x, enum probe p, const char *name)
{
    struct live_how how;
    explain_how(x, &how);
    how.server_name = name;
    run(x, p, CRED_ALL, x->set.tls_min, x->set.tls_max, &how);
}

static void with_proxy(struct explain *x, enum probe p, bool on)
{
    struct live_how how;
    explain_how(x, &how);
    how.proxy = on;
    run(x, p, CRED_ALL, x->set.tls_min, x->set.tls_max, &how);
}

/* It ended without a word when we had asked for something: because of our certificate, or of a request that it does not
 * understand? To one who asks for nothing it shows. */
static void in_silence(struct explain *x)
{
    struct outcome *o = &x->live.out;
    struct live_how how;
    if ((o->end != END_CLOSED && o->end != END_RESET) || !o->open || !o->asked_data || o->answer.n)
        return;
    explain_how(x, &how);
    how.ask       = false;
    how.listen_ms = SILENT_MS;
    run(x, PROBE_SILENT, CRED_ALL, x->set.tls_min, x->set.tls_max, &how);
    o->asked_data = !outcome_refused(&x->probe[PROBE_SILENT].out);
}

/* What a server says to one who comes back by its ticket. */
static void resumed(struct explain *x)
{
    struct live_how how;
    explain_how(x, &how);
    how.session = (hf_view){x->live.session, x->live.session_n};
    if (how.session.n)
        run(x, PROBE_RESUMED, CRED_ALL, x->set.tls_min, x->set.tls_max, &how);
}

/* The same credential with what is missing behind it, as far as the CA files hold it. */
static void completed(struct explain *x, int cred)
{
    struct live_how how;
    hf_why          why;
    hf_config      *cfg;
    hf_cred        *c = mine_cred_completed(&x->own, (unsigned)cred);
    if (!c || !may(x, PROBE_COMPLETE)) {
        hf_cred_free(c);
        return;
    }
    explain_how(x, &how);
    cfg = explain_config_of(x, c, &why);
    run_with(x, PROBE_COMPLETE, cfg, &how);
}

/* ---- which are worth it -------------------------------------------------------------------------------- */

/* Nothing came of TLS: what may be expected before it. */
static void probe_silence(struct explain *x)
{
    if (!x->proxy)
        with_proxy(x, PROBE_PROXY, true);
    if (x->probe[PROBE_NO_PROXY].out.open || x->probe[PROBE_PROXY].out.open)
        return;
    probe_raw(x, PROBE_PLAIN);
    if (!x->probe[PROBE_PLAIN].out.answer.status && !x->starttls)
        probe_raw(x, PROBE_POSTGRES);
    if (x->probe[PROBE_POSTGRES].made && !x->probe[PROBE_POSTGRES].out.n_first)
        probe_raw(x, PROBE_LDAP);
}

/* The hellos have nothing in common. */
static void probe_hellos(struct explain *x)
{
    bool narrow = x->set.tls_min == TLS_1_3 || x->set.tls_max == TLS_1_2;
    if (narrow)
        again(x, x->set.tls_min == TLS_1_3 ? PROBE_TLS12 : PROBE_TLS13, CRED_NONE, 0, 0);
    if (explain_sends_sni(x))
        with_name(x, PROBE_NO_SNI, NULL);
    else if (explain_name(x))
        with_name(x, PROBE_SNI, explain_name(x));
    for (enum probe p = PROBE_SUITES; p <= PROBE_OLD; p++)
        if (may(x, p))
            probe_hello(x, p);
}

/* It asked, and did or did not let us in. */
static void probe_request(struct explain *x)
{
    const struct outcome *o    = &x->live.out;
    int                   cred = x->facts.cred;
    in_silence(x);
    if (o->sent_cert)
        again(x, PROBE_NO_CERT, CRED_NONE, x->set.tls_min, x->set.tls_max);
    if (!outcome_refused(o)) {
        resumed(x);
        return;
    }
    if (o->sent_cert && cred >= 0)
        completed(x, cred);
    for (unsigned i = 0; i < x->own.n_creds; i++)
        if ((int)i != cred && x->own.creds[i].usable)
            again(x, PROBE_OTHER, (int)i, x->set.tls_min, x->set.tls_max);
    if (o->version == TLS13 && x->set.tls_min != TLS_1_3)
        again(x, PROBE_TLS12, CRED_ALL, 0, TLS_1_2);
}

static void probe_unasked(struct explain *x)
{
    const struct outcome *o = &x->live.out;
    if (explain_sends_sni(x))
        with_name(x, PROBE_NO_SNI, NULL);
    else if (explain_name(x))
        with_name(x, PROBE_SNI, explain_name(x));
    if (o->version == TLS13 && o->answer.status >= 400 && x->set.tls_min != TLS_1_3)
        again(x, PROBE_TLS12, CRED_ALL, 0, TLS_1_2);
}

void probe_all(struct explain *x)
{
    const struct outcome *o = &x->live.out;
    explain_facts(x); /* so far: which credential it was */
    if (!o->open && x->proxy)
        with_proxy(x, PROBE_NO_PROXY, false);
    if (o->end == END_NOT_TLS || o->end == END_PRELUDE)
        return;
    if (!o->open && o->last == HF_NO_MESSAGE && o->end != END_ALERT && o->end != END_OUR_CHECK)
        probe_silence(x);
    else if (o->asked)
        probe_request(x);
    else if (o->open)
        probe_unasked(x);
    else if (!o->version)
        probe_hellos(x);
}
