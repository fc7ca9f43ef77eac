/* SPDX-License-Identifier: Apache-2.0
 *
 * keyfile.h - a key log (SSLKEYLOGFILE, RFC 9850): lines of label, client random and secret, all found by the random. Other
 * lines are passed over. Secrets are wiped when it is freed.
 */
#ifndef HF_PROG_KEYFILE_H
#define HF_PROG_KEYFILE_H
#include "base/map.h"
#include "base/why.h"
#include "tls/keys13.h"
#include "tls/msg.h"

enum key_label {
    KEY_CLIENT_EARLY,
    KEY_CLIENT_HANDSHAKE,
    KEY_SERVER_HANDSHAKE,
    KEY_CLIENT_TRAFFIC,
    KEY_SERVER_TRAFFIC,
    KEY_MASTER, /* TLS 1.2: CLIENT_RANDOM */
    N_KEY_LABELS
};

struct key_line {
    enum key_label label;
    uint8_t        random[RANDOM_BYTES];
    struct secret  secret;
    uint8_t        n;
};
struct keyfile {
    struct mem       mem;
    struct key_line *line;
    size_t           n, cap;
    struct map       map; /* by random and label */
};

bool keyfile_read(struct keyfile *k, const char *file, struct report *rep);
void keyfile_free(struct keyfile *k);
/* NULL: it is not in the log. */
const struct key_line *keyfile_find(const struct keyfile *k, enum key_label label, const uint8_t *client_random);

#endif
