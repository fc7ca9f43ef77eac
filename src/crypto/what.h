/* SPDX-License-Identifier: Apache-2.0
 *
 * what.h - what a file of people's own holds: asked when it does not hold what was wanted, so that the complaint
 * can say what it is instead and how to come from there to what was wanted.
 */
#ifndef HF_CRYPTO_WHAT_H
#define HF_CRYPTO_WHAT_H
#include "base/why.h"

enum what {
    IS_NOTHING_KNOWN,
    IS_KEY,
    IS_EMPTY,
    IS_CUT_OFF,
    IS_CERTIFICATE,
    IS_REQUEST,
    IS_CRL,
    IS_PUBLIC_KEY,
    IS_P12,
    IS_P7,
    IS_PARAMETERS,
    IS_OPENSSH,
    IS_PUTTY,
    IS_PGP,
    IS_JKS,
    IS_UTF16,
    IS_HTML,
    IS_BARE_BASE64, /* DER in base64 without BEGIN and END lines */
    N_WHAT
};

/* By the label of a PEM block. */
enum what what_label(hf_view pem_label);
/* By its bytes, of a file without PEM blocks. */
enum what what_bytes(hf_view v);
/* Certificates were wanted: true: rep says now what is there instead; false: nothing known, the caller says that. */
bool what_no_certificate(struct report *rep, enum what what, const char *called);

#endif
