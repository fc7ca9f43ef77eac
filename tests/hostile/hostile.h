/* SPDX-License-Identifier: Apache-2.0
 *
 * hostile.h - one deviation a run: what the peer does wrong, and which check and alert must come of it.
 */
#ifndef HF_TEST_HOSTILE_H
#define HF_TEST_HOSTILE_H
#include "base/alert.h"
#include "base/why.h"
#include "foe.h"

/* Extension types in the table: 0 means "none", so they are written as X(type). */
#define X(type)    ((type) + 1)
#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

enum { FIRST_SEALED = 0xff }; /* as `at`: the first message under keys, whichever it is */

struct ext_edit {
    uint32_t       type; /* X(type) */
    const uint8_t *p;
    size_t         n;
};

struct deviation {
    const char *name;
    uint16_t    check; /* 0: it must be tolerated, the handshake completes */
    uint8_t     alert; /* NO_ALERT: none is sent */

    /* How the message `at` (the nth of its type, from 0) is changed before it is sent. */
    uint8_t         at;
    unsigned        nth;
    uint32_t        drop;     /* this extension, X(type) */
    struct ext_edit set, add; /* its contents; one more at the end */
    struct {
        size_t  at;
        uint8_t flip; /* XOR; 0: nothing */
    } byte;
    size_t trailing; /* bytes behind the message's contents, inside the message */
    size_t cut;      /* bytes missing at its end, the length mended */
    void (*edit)(struct foe *p, struct bytes *m);

    void (*instead)(struct foe *p); /* of the whole handshake */
    void (*after)(struct foe *p);   /* when the handshake is complete */

    /* The setting. */
    bool           v12;        /* TLS 1.2 */
    bool           up_to_13;   /* with v12: the engine could do TLS 1.3 too */
    bool           both;       /* ... and so says the peer's random */
    uint16_t       suite12;    /* that the server chooses */
    uint16_t       only_group; /* of the engine */
    bool           optional;   /* the engine asks for a certificate and does not require it */
    bool           not_asked;
    bool           alpn; /* the engine has "h2" and "http/1.1" */
    bool           retry, no_cert, one_record;
    size_t         fragment;
    uint16_t       scheme;
    enum mint_kind leaf; /* of the peer, when `with_leaf` */
    const char    *leaf_eku, *leaf_san;
    bool           with_leaf, stranger;
    bool           raw, mixed; /* the peer shows a raw key; the engine pins it, and (mixed) takes certificates too */
    bool           shows_raw;  /* so does the engine */
};

/* A cmocka group, one test a deviation. */
int run_deviations(const char *group, const struct deviation *all, size_t n, bool engine_is_server);

#endif
