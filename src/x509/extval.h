/* SPDX-License-Identifier: Apache-2.0
 * extval.h - readers of extnValue, one for each kind: r is the DER inside the OCTET STRING, what is worth
 * keeping goes into c. Called through the table in ext.c. */
#ifndef HF_X509_EXTVAL_H
#define HF_X509_EXTVAL_H
#include "x509/cert.h"
#include "x509/der.h"

void extval_basic(struct cert *c, struct rd *r);
void extval_ku(struct cert *c, struct rd *r);
void extval_eku(struct cert *c, struct rd *r);
void extval_ski(struct cert *c, struct rd *r);
void extval_aki(struct cert *c, struct rd *r);
void extval_san(struct cert *c, struct rd *r);
void extval_ian(struct cert *c, struct rd *r);
void extval_name_cons(struct cert *c, struct rd *r);
void extval_policies(struct cert *c, struct rd *r);
void extval_policy_map(struct cert *c, struct rd *r);
void extval_policy_cons(struct cert *c, struct rd *r);
void extval_inhibit_any(struct cert *c, struct rd *r);
void extval_crldp(struct cert *c, struct rd *r);
void extval_freshest(struct cert *c, struct rd *r);
void extval_aia(struct cert *c, struct rd *r);
void extval_sia(struct cert *c, struct rd *r);
void extval_subject_dir(struct cert *c, struct rd *r);
void extval_tls_feature(struct cert *c, struct rd *r);
void extval_ocsp_nocheck(struct cert *c, struct rd *r);
void extval_sct(struct cert *c, struct rd *r);

#endif
