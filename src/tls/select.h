/* SPDX-License-Identifier: Apache-2.0
 * select.h - would this credential be sent in answer to that request? Asked by the handshake, and by those who
 * want to know before there is one. */
#ifndef HF_TLS_SELECT_H
#define HF_TLS_SELECT_H
#include "tls/config.h"
#include "tls/ext.h"

/* What a CertificateRequest says, and who is asked. */
struct asked {
    const hf_config   *cfg; /* of the client: the schemes it signs with */
    uint16_t           version;
    int64_t            now; /* Unix seconds */
    const struct exts *x;
    hf_view            types; /* certificate_types of TLS 1.2, empty in TLS 1.3 */
    bool               raw;   /* a raw public key is asked for, not a certificate */
};
/* The remark on one credential: OFFER_FITS, or what turns it down, with the values compared. */
enum check cred_remark(const hf_cred *k, const struct asked *a, int64_t *want, int64_t *got);

/* Whether the certificate has what the oid_filters of a CertificateRequest want; checked when they were read. */
bool filters_met(const struct cert *leaf, hf_view filters);

/* The CA names that a server with this trust announces, as vectors, within LIMIT_CA_NAMES_BYTES: how many, and how
 * many were left out. w grows from the caller's memory. */
void ca_names_write(const hf_trust *t, struct wr *w, size_t *n, size_t *n_cut);

#endif
