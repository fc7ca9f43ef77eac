/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.h - what one connection of a conformance test is to do, as the runner's command line says it.
 */
#ifndef HF_TESTS_BOGO_PLAN_H
#define HF_TESTS_BOGO_PLAN_H
#include <handfast.h>

/* The exit codes that the runner knows. */
enum { EXIT_GOOD, EXIT_BAD, EXIT_UNIMPLEMENTED = 89 };

enum { CODES_MAX = 32, CREDS_MAX = 8, CRED_NONE = -1000, TYPE_UNSAID = -1 };

struct codes_plan {
    uint16_t v[CODES_MAX];
    size_t   n;
};

struct cred_plan {
    const char       *cert_file, *key_file;
    struct codes_plan signing_prefs;
    bool              raw_key, must_match_issuer, psk_sha256, psk_sha384;
    const char       *psk_key, *psk_identity, *psk_context; /* base64; psk_key: it is a pre-shared key */
    const char       *ocsp_response;                        /* base64 */
};

struct plan {
    int  port, resume_count, min_version, max_version, expect_version, expect_cipher, expect_cipher_aes;
    int  expect_cipher_no_aes, expect_curve_id, expect_peer_signature_algorithm, expect_selected_credential;
    int  max_send_fragment, install_one_cert_compression_alg, expect_total_renegotiations;
    int  export_keying_material, repeat_shim_initial_write, read_size, expect_ticket_age_skew, resumption_delay;
    long shim_id;
    bool ipv6, server, async, verify_peer, require_any_client_certificate, use_custom_verify_callback, verify_fail;
    bool no_tls12, no_tls13, expect_hrr, expect_no_hrr, shim_writes_first, shim_shuts_down, check_close_notify;
    bool use_export_context, key_update, key_update_before_read, expect_session_miss, decline_alpn, reject_alpn;
    bool export_traffic_secrets, use_exporter_between_reads, write_different_record_sizes, is_handshaker_supported;
    bool expect_no_peer_cert, fail_cert_callback, expect_no_server_name;
    bool decline_ocsp_callback, fail_ocsp_callback, install_cert_compression_algs, read_with_unfinished_write;
    bool tls_unique;
    bool expect_no_session, expect_ticket_renewal, reverify_on_resume, no_ticket;
    const char       *trust_cert, *host_name, *expect_server_name, *advertise_alpn, *expect_alpn, *select_alpn, *cipher;
    const char       *export_label, *export_context, *shim_initial_write, *use_client_ca_list, *expect_client_ca_list;
    const char       *expect_peer_cert_file, *expect_advertised_alpn, *expect_certificate_types;
    const char       *expect_ocsp_response; /* base64 */
    bool              enable_ocsp_stapling, send_alert;
    const char       *expect_peer_rpk_sha256; /* base64 */
    int               expect_peer_certificate_type;
    struct codes_plan accepted_types, available_types;
    struct codes_plan curves, key_shares, verify_prefs, expect_peer_verify_prefs;
    struct cred_plan  cred[CREDS_MAX]; /* [0]: the default one; then those of -new-x509-credential */
    size_t            n_creds;         /* the new ones */
};

/* Ends the process: something is asked for that is not there. */
_Noreturn void unimplemented(void);

/* Reads the command line into the plans of the first connection and of the later ones. Ends the process with
 * EXIT_UNIMPLEMENTED at a flag that is not known here. */
void plan_read(int argc, char **argv, struct plan *initial, struct plan *resume);

#endif
