/* SPDX-License-Identifier: Apache-2.0
 *
 * ident.h - who a certificate says its holder is: all its names in one list, in the form in which they are compared.
 *
 *   field      from                           as
 *   uri        subjectAltName                 scheme and authority in lower case, the path as it is
 *   dns        subjectAltName                 lower case (A-labels)
 *   mail       subjectAltName                 the part behind the "@" in lower case
 *   ip         subjectAltName                 4 or 16 bytes
 *   cn         subject, the last one          UTF-8
 *   ou         subject, each one              UTF-8
 *   subject    DER, and as text (RFC 4514)
 *   issuer     the same
 *   serial     bytes without leading zeros
 *   sha256     of the certificate
 *   spki       SHA-256 of its SubjectPublicKeyInfo
 *
 * A raw public key (RFC 7250) has its spki and nothing else: no rule about another of these fields holds for it.
 *
 * An ident proves nothing: whoever makes one says what was proven. Rules get one from an hf_peer.
 */
#ifndef HF_AUTH_IDENT_H
#define HF_AUTH_IDENT_H
#include "x509/cert.h"

/* What a rule can ask about: of the certificate first, then of the connection. */
enum field {
    ID_URI,
    ID_DNS,
    ID_MAIL,
    ID_IP,
    ID_CN,
    ID_OU,
    ID_SUBJECT,
    ID_ISSUER,
    ID_SERIAL,
    ID_SHA256,
    ID_SPKI,
    N_ID_FIELDS,
    ASK_CERTIFICATE = N_ID_FIELDS,
    ASK_FROM,
    ASK_SNI,
    ASK_LISTENER,
    ASK_AFTER,
    ASK_BEFORE,
    ASK_DAYS,
    ASK_HOURS,
    N_FIELDS
};
/* "uri", "not-a-field" gives N_FIELDS. */
enum field  field_of(const char *name, size_t n);
const char *field_name(enum field f);

struct ident_name {
    enum field field; /* ID_URI to ID_OU */
    hf_view    value;
};

struct ident {
    struct cert        leaf; /* views into the caller's DER */
    struct ident_name *names;
    size_t             n;
    hf_view            serial;
    char              *subject, *issuer; /* RFC 4514 */
    uint8_t            sha256[32], spki[32];
};

/* Fills id from the certificate, or the raw public key, in der, which must outlive it. False: it is neither, or memory
 * is out. */
bool ident_of(struct ident *id, hf_view der, struct mem *m, struct report *rep);
void ident_free(struct ident *id, struct mem *m);
/* A value as text, printable. Returns out. */
char *ident_text(enum field f, hf_view value, char *out, size_t room);

/* The same forms for what people write in rules; in place. */
void fold_dns(uint8_t *p, size_t n);
void fold_mail(uint8_t *p, size_t n);
void fold_uri(uint8_t *p, size_t n);

/* The SPIFFE ID among the names, if there is one, obeys the rules of SPIFFE (X.509-SVID 2, 4 and 5; SPIFFE ID 2): it
 * is the only URI, well formed, and the certificate is a leaf that signs no others. A certificate without a spiffe
 * URI is none of SPIFFE's business: true. */
bool spiffe_ok(const struct ident *id, struct report *rep);

#endif
