/* SPDX-License-Identifier: Apache-2.0
 *
 * form.h - the presentation language of TLS (RFC 9846 3) as table rows: what stands behind what, how long it is,
 * what it is called and how it is shown. fields.c reads bytes by them; they have no opinion on values.
 */
#ifndef HF_TLS_FORM_H
#define HF_TLS_FORM_H
#include "handfast.h"

enum form_kind {
    FORM_END = 0,
    FORM_NUMBER,    /* of size bytes */
    FORM_FIXED,     /* size bytes */
    FORM_REST,      /* all that is left */
    FORM_VECTOR,    /* bytes behind a length of size bytes */
    FORM_LIST,      /* items (inner) behind a length of size bytes */
    FORM_GROUP,     /* a struct (inner) */
    FORM_EXTENSIONS /* the vector of Extension; may be absent at the end of a hello */
};

enum form_as {
    AS_HEX,
    AS_NUMBER,
    AS_SECONDS,
    AS_TEXT,
    AS_VERSION,
    AS_SUITE,
    AS_GROUP,
    AS_SCHEME,
    AS_EXTENSION,
    AS_MESSAGE,
    AS_ALERT,
    AS_WORD,   /* a number with a table of its own (words) */
    AS_RANDOM, /* of a ServerHello: it may say more than chance */
    AS_DN,     /* a DER Name */
    AS_OID,    /* a DER OBJECT IDENTIFIER */
    AS_CERT    /* a DER certificate */
};

struct word {
    uint16_t    code;
    const char *name, *means;
};

struct form {
    enum form_kind     kind;
    uint8_t            size;
    enum form_as       as;
    const char        *name, *means;
    const struct form *inner;
    const struct word *words; /* ends with a row without a name */
};

/* The body of a handshake message. where: which extensions may stand in it (enum ext_where), by version. */
struct form_message {
    uint8_t            type;
    uint16_t           version; /* 0: in any */
    uint16_t           where;
    const struct form *body;
    const char        *means;
};
const struct form_message *form_of_message(uint8_t type, uint16_t version);

/* An extension as it looks in some messages. */
struct form_extension {
    uint16_t           type;
    uint16_t           where; /* enum ext_where, a set */
    const struct form *body;
    const char        *means;
};
/* NULL: one that we do not know, or not in such a message. */
const struct form_extension *form_of_extension(uint16_t type, uint16_t where);

extern const struct form_message form_raw_key12; /* Certificate of TLS 1.2 with a raw public key in it */
extern const struct form         form_header[], form_alert[], form_ccs[], form_record[];

#endif
