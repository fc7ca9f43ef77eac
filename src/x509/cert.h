/* SPDX-License-Identifier: Apache-2.0
 *
 * cert.h - a certificate as views into its DER (RFC 5280 4.1); nothing is copied. The DER must outlive
 * the struct. Parsing is strict DER and has no opinion on trust: valid.h judges.
 */
#ifndef HF_X509_CERT_H
#define HF_X509_CERT_H
#include "crypto/crypto.h"

enum key_usage { /* RFC 5280 4.2.1.3: bit n of the BIT STRING is 1 << n here */
                 KU_DIGITAL_SIGNATURE = 1 << 0,
                 KU_NON_REPUDIATION   = 1 << 1,
                 KU_KEY_ENCIPHERMENT  = 1 << 2,
                 KU_DATA_ENCIPHERMENT = 1 << 3,
                 KU_KEY_AGREEMENT     = 1 << 4,
                 KU_KEY_CERT_SIGN     = 1 << 5,
                 KU_CRL_SIGN          = 1 << 6,
                 KU_ENCIPHER_ONLY     = 1 << 7,
                 KU_DECIPHER_ONLY     = 1 << 8
};
enum ext_key_usage { /* RFC 5280 4.2.1.12 */
                     EKU_SERVER_AUTH = 1 << 0,
                     EKU_CLIENT_AUTH = 1 << 1,
                     EKU_CODE_SIGN   = 1 << 2,
                     EKU_EMAIL       = 1 << 3,
                     EKU_TIMESTAMP   = 1 << 4,
                     EKU_OCSP_SIGN   = 1 << 5,
                     EKU_ANY         = 1 << 6,
                     EKU_OTHER       = 1 << 7
};
/* The extensions of RFC 5280 4.2 and some more; a bit each in `has` and `critical`. */
enum ext_bit {
    EXT_AKI          = 1 << 0,
    EXT_SKI          = 1 << 1,
    EXT_KU           = 1 << 2,
    EXT_POLICIES     = 1 << 3,
    EXT_POLICY_MAP   = 1 << 4,
    EXT_SAN          = 1 << 5,
    EXT_IAN          = 1 << 6,
    EXT_SUBJECT_DIR  = 1 << 7,
    EXT_BASIC        = 1 << 8,
    EXT_NAME_CONS    = 1 << 9,
    EXT_POLICY_CONS  = 1 << 10,
    EXT_EKU          = 1 << 11,
    EXT_CRLDP        = 1 << 12,
    EXT_INHIBIT_ANY  = 1 << 13,
    EXT_FRESHEST     = 1 << 14,
    EXT_AIA          = 1 << 15,
    EXT_SIA          = 1 << 16,
    EXT_TLS_FEATURE  = 1 << 17,
    EXT_OCSP_NOCHECK = 1 << 18,
    EXT_SCT          = 1 << 19,
    EXT_UNKNOWN_CRIT = 1 << 20 /* some critical extension is not in this list: unknown_oid, unknown_at */
};

struct cert {
    hf_view        der, tbs;              /* tbs: as signed, header included */
    int            version;               /* 1, 2, 3 */
    hf_view        serial;                /* INTEGER contents */
    hf_view        issuer, subject;       /* DER of the Names, header included */
    int64_t        not_before, not_after; /* Unix seconds */
    uint32_t       not_after_at;          /* offset of the date in the DER, for reports */
    hf_view        spki;                  /* DER, header included */
    hf_view        spki_alg;              /* DER of its AlgorithmIdentifier */
    struct pubkey  key;                   /* kind KEY_OTHER: an algorithm we do not know */
    struct sig_how sig;                   /* how it is signed; SIG_OTHER: unknown */
    hf_view        sig_alg;               /* DER of the AlgorithmIdentifier, for reports */
    hf_view        sig_bits;              /* the signature */

    uint32_t has, critical; /* enum ext_bit */
    hf_view  exts;          /* contents of the Extensions SEQUENCE (ext_next walks it) */
    bool     is_ca;         /* basicConstraints cA */
    int      path_len;      /* -1: none */
    unsigned ku, eku;       /* meaningful when has & EXT_KU, EXT_EKU */
    unsigned features;      /* bit 0: status_request in TLS feature (RFC 7633) */
    hf_view  ski;           /* key identifier */
    hf_view  aki;           /* its keyIdentifier, may be empty; the whole extension: aki_ext */
    hf_view aki_ext, san, ian, name_cons, policies, policy_map, policy_cons, inhibit_any, eku_ext, crldp, freshest, aia;
    /* contents of extnValue (the DER inside the OCTET STRING) */
    hf_view  unknown_oid; /* of the first unknown critical extension (OID contents) */
    uint32_t unknown_at;
};

/* rep: which check, at which byte of der; it must hold no failure yet. c is only to be used when true is
 * returned. */
bool cert_parse(struct cert *c, hf_view der, struct report *rep);
/* A raw public key (RFC 7250): a SubjectPublicKeyInfo alone. Only spki, spki_alg and key are there. Raises SPKI_*,
 * RAW_KEY_NO_SPKI and the checks of its algorithm. */
bool cert_bare(struct cert *c, hf_view spki, struct report *rep);
/* It is one: there is no certificate. */
bool cert_is_bare(const struct cert *c);
/* These bytes are a SubjectPublicKeyInfo and nothing else: no certificate ever is. */
bool spki_alone(hf_view bytes);
/* "key sha256:" and the digest of the SubjectPublicKeyInfo: what a raw key is called. Returns out. */
enum { SPKI_NAME_ROOM = 11 + 64 + 2 /* text_hex wants one more */ };
char *spki_name(hf_view spki, char out[static SPKI_NAME_ROOM]);
/* The length of the DER element at the start of bytes (a certificate in a run of them), 0 when it is none. */
size_t der_whole(hf_view bytes);
/* Subject and issuer are the same bytes (or match by 7.1). */
bool cert_self_issued(const struct cert *c);
void cert_sha256(const struct cert *c, uint8_t out[32]);
void cert_spki_sha256(const struct cert *c, uint8_t out[32]);

/* ---- extensions (ext.c) ---- */
struct ext_walk {
    hf_view      oid, value; /* contents of the OID; the DER inside the OCTET STRING */
    bool         critical;
    enum ext_bit bit;  /* 0: not one that we know */
    uint32_t     at;   /* offset of the Extension in the certificate */
    size_t       next; /* where the walk goes on */
};
/* Walks the extensions of a parsed certificate in their order: w starts zeroed; false at the end. */
bool ext_next(const struct cert *c, struct ext_walk *w);

/* ---- names (dn.c) ---- */
/* RFC 4514, "CN=alice,O=Example"; printable. Returns the length written (cut with "..." when room is out). */
size_t dn_text(hf_view name, char *out, size_t room);
/* Equal by RFC 5280 7.1: case, spaces and string types do not matter. Bytes that are equal are equal. */
bool dn_equal(hf_view a, hf_view b);
/* Is base an ancestor of (or equal to) name: directoryName constraints. */
bool dn_within(hf_view name, hf_view base);
/* The value of the last attribute of this type (OID contents), or empty. */
hf_view dn_attribute(hf_view name, hf_view oid);
/* The same as text, for comparing with what people write: UTF-8, escaped as text_printable does but not by RFC
 * 4514. Returns the length, 0 when it is not there; an empty value is no value. */
size_t dn_attribute_text(hf_view name, hf_view oid, char *out, size_t room);
/* The same of the one that has nth others of its type before it. */
size_t dn_attribute_nth(hf_view name, hf_view oid, size_t nth, char *out, size_t room);
bool   dn_empty(hf_view name);
/* A fold of the name for indexes: equal names (7.1) have equal hashes. */
uint64_t dn_hash(hf_view name);

/* ---- subjectAltName (san.c) ---- */
enum name_kind {
    NAME_OTHER = 0,
    NAME_MAIL  = 1,
    NAME_DNS   = 2,
    NAME_X400  = 3,
    NAME_DN    = 4,
    NAME_EDI   = 5,
    NAME_URI   = 6,
    NAME_IP    = 7,
    NAME_RID   = 8
};
struct gen_name {
    enum name_kind kind;
    hf_view        value; /* contents; DN: the Name with header; OTHER: the whole contents */
    uint32_t       at;
};
/* Walks GeneralNames: *at starts at 0; false at the end. general_names: the whole element with its header (a
 * SEQUENCE as in c->san, or an implicit tag), checked by a parser. out->at counts from its first byte. */
bool san_next(hf_view general_names, size_t *at, struct gen_name *out);
/* Printable "DNS:example.com"; returns the length. */
size_t gen_name_text(const struct gen_name *g, char *out, size_t room);
/* The best single name of a certificate: URI, DNS, mail, IP, then the DN; printable. */
size_t cert_best_name(const struct cert *c, char *out, size_t room);

/* ---- server names (match.c, RFC 9525) ---- */
/* An IPv4 or IPv6 address in text form: its bytes, 4 or 16 of them. */
bool name_is_ip(const char *name, uint8_t ip[16], size_t *n);
/* The subjectAltName has this host name (A-labels; wildcards only as a whole left-most label) or IP address. */
bool match_host(const struct cert *c, const char *name);

/* ---- making (make.c, csr.c): see make.h ---- */
#endif
