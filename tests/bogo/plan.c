/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.c - the runner's command line, as one table: a flag, the kind of its value, where it goes.
 *
 * A flag with the prefix -on-initial or -on-resume is for the first connection, or for the later ones; without
 * it is for all. Adding a feature starts with its flags here: what stands in no row is answered with "unimplemented".
 */
#include "plan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind {
    YES,
    NUMBER,
    LONG,
    TEXT,
    CODES,
    CRED_TEXT,
    CRED_CODES,
    CRED_YES,
    NEW_CRED,
    NEW_RAW_CRED,
    NOTHING,
    SPARE,
    DISABLED
};

#define AT(field)      offsetof(struct plan, field)
#define CRED_AT(field) offsetof(struct cred_plan, field)

static const struct flag {
    const char *name;
    enum kind   kind;
    size_t      at;
} flags[] = {
    {"-port", NUMBER, AT(port)},
    {"-shim-id", LONG, AT(shim_id)},
    {"-ipv6", YES, AT(ipv6)},
    {"-server", YES, AT(server)},
    {"-is-handshaker-supported", YES, AT(is_handshaker_supported)},
    {"-resume-count", NUMBER, AT(resume_count)},
    {"-async", YES, AT(async)},
    {"-trust-cert", TEXT, AT(trust_cert)},
    {"-verify-peer", YES, AT(verify_peer)},
    {"-require-any-client-certificate", YES, AT(require_any_client_certificate)},
    {"-use-custom-verify-callback", YES, AT(use_custom_verify_callback)},
    {"-verify-fail", YES, AT(verify_fail)},
    {"-min-version", NUMBER, AT(min_version)},
    {"-max-version", NUMBER, AT(max_version)},
    {"-no-tls12", YES, AT(no_tls12)},
    {"-no-tls13", YES, AT(no_tls13)},
    {"-cipher", TEXT, AT(cipher)},
    {"-curves", CODES, AT(curves)},
    {"-verify-prefs", CODES, AT(verify_prefs)},
    {"-host-name", TEXT, AT(host_name)},
    {"-advertise-alpn", TEXT, AT(advertise_alpn)},
    {"-select-alpn", TEXT, AT(select_alpn)},
    {"-decline-alpn", YES, AT(decline_alpn)},
    {"-reject-alpn", YES, AT(reject_alpn)},
    {"-use-client-ca-list", TEXT, AT(use_client_ca_list)},
    {"-fail-cert-callback", YES, AT(fail_cert_callback)},
    /* credentials */
    {"-new-x509-credential", NEW_CRED},
    {"-cert-file", CRED_TEXT, CRED_AT(cert_file)},
    {"-key-file", CRED_TEXT, CRED_AT(key_file)},
    {"-signing-prefs", CRED_CODES, CRED_AT(signing_prefs)},
    {"-new-psk-credential", NEW_CRED},
    {"-new-rpk-credential", NEW_RAW_CRED},
    {"-accepted-peer-cert-types", CODES, AT(accepted_types)},
    {"-available-client-cert-types", CODES, AT(available_types)},
    {"-expect-peer-certificate-type", NUMBER, AT(expect_peer_certificate_type)},
    {"-expect-peer-rpk-sha256", TEXT, AT(expect_peer_rpk_sha256)},
    {"-psk-importer-key", CRED_TEXT, CRED_AT(psk_key)},
    {"-psk-importer-identity", CRED_TEXT, CRED_AT(psk_identity)},
    {"-psk-importer-context", CRED_TEXT, CRED_AT(psk_context)},
    {"-psk-importer-sha256", CRED_YES, CRED_AT(psk_sha256)},
    {"-psk-importer-sha384", CRED_YES, CRED_AT(psk_sha384)},
    {"-must-match-issuer", CRED_YES, CRED_AT(must_match_issuer)},
    {"-ocsp-response", CRED_TEXT, CRED_AT(ocsp_response)},
    {"-enable-ocsp-stapling", YES, AT(enable_ocsp_stapling)},
    {"-decline-ocsp-callback", YES, AT(decline_ocsp_callback)},
    {"-fail-ocsp-callback", YES, AT(fail_ocsp_callback)},
    {"-install-cert-compression-algs", YES, AT(install_cert_compression_algs)},
    {"-install-one-cert-compression-alg", NUMBER, AT(install_one_cert_compression_alg)},
    {"-key-shares", CODES, AT(key_shares)},
    /* what is done with an open connection */
    {"-shim-writes-first", YES, AT(shim_writes_first)},
    {"-shim-initial-write", TEXT, AT(shim_initial_write)},
    {"-repeat-shim-initial-write", NUMBER, AT(repeat_shim_initial_write)},
    {"-write-different-record-sizes", YES, AT(write_different_record_sizes)},
    {"-read-size", NUMBER, AT(read_size)},
    {"-max-send-fragment", NUMBER, AT(max_send_fragment)},
    {"-read-with-unfinished-write", YES, AT(read_with_unfinished_write)},
    {"-tls-unique", YES, AT(tls_unique)},
    {"-send-alert", YES, AT(send_alert)},
    {"-shim-shuts-down", YES, AT(shim_shuts_down)},
    {"-check-close-notify", YES, AT(check_close_notify)},
    {"-export-keying-material", NUMBER, AT(export_keying_material)},
    {"-export-label", TEXT, AT(export_label)},
    {"-export-context", TEXT, AT(export_context)},
    {"-use-export-context", YES, AT(use_export_context)},
    {"-use-exporter-between-reads", YES, AT(use_exporter_between_reads)},
    {"-export-traffic-secrets", YES, AT(export_traffic_secrets)},
    {"-key-update", YES, AT(key_update)},
    {"-key-update-before-read", YES, AT(key_update_before_read)},
    /* what is expected of it */
    {"-expect-version", NUMBER, AT(expect_version)},
    {"-expect-cipher", NUMBER, AT(expect_cipher)},
    {"-expect-cipher-aes", NUMBER, AT(expect_cipher_aes)},
    {"-expect-cipher-no-aes", NUMBER, AT(expect_cipher_no_aes)},
    {"-expect-curve-id", NUMBER, AT(expect_curve_id)},
    {"-expect-hrr", YES, AT(expect_hrr)},
    {"-expect-no-hrr", YES, AT(expect_no_hrr)},
    {"-expect-peer-signature-algorithm", NUMBER, AT(expect_peer_signature_algorithm)},
    {"-expect-peer-verify-pref", CODES, AT(expect_peer_verify_prefs)},
    {"-expect-ocsp-response", TEXT, AT(expect_ocsp_response)},
    {"-expect-peer-cert-file", TEXT, AT(expect_peer_cert_file)},
    {"-expect-no-peer-cert", YES, AT(expect_no_peer_cert)},
    {"-expect-selected-credential", NUMBER, AT(expect_selected_credential)},
    {"-expect-client-ca-list", TEXT, AT(expect_client_ca_list)},
    {"-expect-certificate-types", TEXT, AT(expect_certificate_types)},
    {"-expect-server-name", TEXT, AT(expect_server_name)},
    {"-expect-no-server-name", YES, AT(expect_no_server_name)},
    {"-expect-alpn", TEXT, AT(expect_alpn)},
    {"-expect-advertised-alpn", TEXT, AT(expect_advertised_alpn)},
    {"-expect-session-miss", YES, AT(expect_session_miss)},
    {"-expect-no-session", YES, AT(expect_no_session)},
    {"-expect-total-renegotiations", NUMBER, AT(expect_total_renegotiations)},
    {"-expect-ticket-renewal", YES, AT(expect_ticket_renewal)},
    {"-expect-ticket-age-skew", NUMBER, AT(expect_ticket_age_skew)},
    {"-resumption-delay", NUMBER, AT(resumption_delay)},
    {"-reverify-on-resume", YES, AT(reverify_on_resume)},
    {"-no-ticket", YES, AT(no_ticket)},
    /* of no consequence here: what they ask for is always so, or there is one way to do it only */
    {"-implicit-handshake", NOTHING},
    {"-no-op-extra-handshake", NOTHING},
    {"-use-early-callback", NOTHING},
    {"-use-ocsp-callback", NOTHING},
    {"-set-ocsp-in-callback", NOTHING},
    {"-use-old-client-cert-callback", NOTHING},
    {"-handshake-never-done", NOTHING},
    {"-expect-verify-result", NOTHING},
    {"-expect-extended-master-secret", NOTHING},
    {"-expect-secure-renegotiation", NOTHING},
    {"-no-legacy-server-connect", NOTHING},
    {"-no-tls1", NOTHING},
    {"-no-tls11", NOTHING},
    {"-expect-no-session-id", NOTHING},
    {"-expect-session-id", NOTHING},
    {"-expect-no-offer-early-data", NOTHING},
    {"-forbid-renegotiation-after-handshake", NOTHING},
    {"-enable-ed25519", NOTHING},
    {"-server-preference", NOTHING},
    {"-no-server-name-ack", NOTHING},
    {"-renegotiate-freely", NOTHING},
    {"-renegotiate-ignore", NOTHING},
    {"-enable-signed-cert-timestamps", NOTHING},
    {"-signed-cert-timestamps", SPARE}, /* we have none to send */
    {"-renegotiate-once", NOTHING},
    {"-expect-early-data-reason", DISABLED}, /* so is early data, always */
};

/* At once: what is not released does not count. */
void unimplemented(void)
{
    _exit(EXIT_UNIMPLEMENTED);
}

static const struct flag *flag_of(const char *name)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(flags[i].name, name) == 0)
            return &flags[i];
    return NULL;
}

static bool takes_value(enum kind kind)
{
    return kind != YES && kind != CRED_YES && kind != NEW_CRED && kind != NEW_RAW_CRED && kind != NOTHING;
}

static void code_add(struct codes_plan *to, const char *value)
{
    if (to->n == CODES_MAX)
        unimplemented();
    to->v[to->n++] = (uint16_t)atoi(value);
}

static void set(struct plan *p, const struct flag *f, const char *value)
{
    char *cred = (char *)&p->cred[p->n_creds] + f->at, *field = (char *)p + f->at;
    switch (f->kind) {
    case YES:
        *(bool *)field = true;
        break;
    case NUMBER:
        *(int *)field = atoi(value);
        break;
    case LONG:
        *(long *)field = atol(value);
        break;
    case TEXT:
        *(const char **)field = value;
        break;
    case CODES:
        code_add((struct codes_plan *)field, value);
        break;
    case CRED_TEXT:
        *(const char **)cred = value;
        break;
    case CRED_CODES:
        code_add((struct codes_plan *)cred, value);
        break;
    case CRED_YES:
        *(bool *)cred = true;
        break;
    case NEW_CRED:
    case NEW_RAW_CRED:
        if (++p->n_creds == CREDS_MAX)
            unimplemented();
        p->cred[p->n_creds].raw_key = f->kind == NEW_RAW_CRED;
        break;
    case DISABLED:
        if (strcmp(value, "disabled") != 0)
            unimplemented();
        break;
    case NOTHING:
    case SPARE:
        break;
    }
}

static bool cut_prefix(const char **name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(*name, prefix, n) != 0)
        return false;
    *name += n;
    return true;
}

void plan_read(int argc, char **argv, struct plan *initial, struct plan *resume)
{
    *initial = (struct plan){.expect_selected_credential   = CRED_NONE,
                             .expect_peer_certificate_type = TYPE_UNSAID,
                             .shim_initial_write           = "hello",
                             .repeat_shim_initial_write    = 1,
                             .export_label                 = "",
                             .export_context               = ""};
    *resume  = *initial;
    for (int i = 1; i < argc; i++) {
        const char        *name       = argv[i];
        bool               only_first = cut_prefix(&name, "-on-initial"), only_later = cut_prefix(&name, "-on-resume");
        const struct flag *f = flag_of(name);
        if (!f || (takes_value(f->kind) && i + 1 == argc))
            unimplemented();
        const char *value = takes_value(f->kind) ? argv[++i] : NULL;
        if (!only_later)
            set(initial, f, value);
        if (!only_first)
            set(resume, f, value);
    }
}
