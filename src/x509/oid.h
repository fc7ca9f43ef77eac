/* SPDX-License-Identifier: Apache-2.0
 *
 * oid.h - object identifiers: the ones we know have a number (enum oid, rows of oid.def); any can be printed.
 * An OID in DER is passed as the contents of its element, without tag and length.
 */
#ifndef HF_X509_OID_H
#define HF_X509_OID_H
#include "handfast.h"

enum oid {
    OID_UNKNOWN,
#define OID(name, family, last, text) OID_##name,
#include "oid.def"
#undef OID
    N_OIDS
};

/* Which one it is; OID_UNKNOWN when it is not in oid.def. */
enum oid oid_of(hf_view v);
/* The contents of one that we know; static. */
hf_view oid_bytes(enum oid o);
/* "basicConstraints", "sha256"; "" for OID_UNKNOWN; static. */
const char *oid_name(enum oid o);
/* "2.5.29.19", cut with "..." when room is out. Returns the length. */
size_t oid_dotted(hf_view v, char *out, size_t room);
/* Its name if it has one, dotted otherwise. Returns the length. */
size_t oid_text(hf_view v, char *out, size_t room);

#endif
