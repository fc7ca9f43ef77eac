/* SPDX-License-Identifier: Apache-2.0
 *
 * ca.h - what the commands of `handfast ca` share: the files of a CA and how text becomes dates and kinds.
 *
 *     DIR/root.pem DIR/root.key                   what peers trust, and its key: signs the intermediate only
 *     DIR/intermediate.pem DIR/intermediate.key   signs what is issued
 *     DIR/register.db                             what was issued (ca_register.h); it is there: so is the CA
 */
#ifndef HF_PROG_CA_H
#define HF_PROG_CA_H
#include <limits.h>
#include <signal.h>

#include "prog/opt.h"
#include "x509/make.h"

/* CA_SKEW: seconds that a certificate begins before it is made, for peers whose clocks are behind. */
enum { CA_DAYS_MAX = 36500, CA_DAY = 86400, CA_DAYS_OWN = 3650, CA_DAYS_ISSUED = 365, CA_SKEW = 300 };

int ca_init(int argc, char **argv);
int ca_issue(int argc, char **argv);
int ca_list(int argc, char **argv);

/* "DIR/name"; false: CA_PATH. */
bool ca_path(char out[static PATH_MAX], const char *dir, const char *name, struct report *rep);
/* Prints why it was not done, under the command's name; the exit status. */
int ca_failed(const struct command *c, const struct report *rep);

/* "p256", ...: what --key takes, in the order of the choices below, counted from 1; 0 is P-256. */
#define CA_KEY_KINDS "p256|p384|p521|ed25519|rsa2048|rsa3072|rsa4096"
struct key *ca_key_generate(unsigned choice, struct report *rep);
/* 1 to CA_DAYS_MAX; 0: it is none. */
unsigned ca_days(const char *text);
/* What is in spec, made and signed by `by`, as PEM owned by m; der: the certificate, owned by m too. */
struct ca_made {
    uint8_t *der;
    size_t   der_n;
    char    *pem;
    size_t   pem_n;
};
bool ca_make(struct ca_made *made, const struct cert_spec *spec, hf_view spki, const struct issuer *by, struct mem *m,
             struct report *rep);
void ca_free_made(struct ca_made *made, struct mem *m);
/* libcrypto is usable. */
bool ca_ready(struct report *rep);
/* The current time, Unix seconds. */
int64_t ca_now(void);
/* Between the two, SIGINT, SIGTERM and SIGHUP wait: nothing is left half written. */
void ca_hold_signals(sigset_t *old);
void ca_let_signals(const sigset_t *old);

#endif
