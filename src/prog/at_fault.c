/* SPDX-License-Identifier: Apache-2.0
 *
 * at_fault.c - see at_fault.h. A reason that is not in the table is the presenter's: most are about what it sent.
 */
#include "at_fault.h"

#include <string.h>

enum party { PRESENTER, VERIFIER, CLIENT, SERVER, CA, NETWORK };

static const struct {
    const char *reason;
    enum party  who;
} table[] = {
    /* whoever trusts too little: the verifier of servers is the client, but that of clients cannot trust everybody */
    {"issuer-unknown", CLIENT},
    {"self-signed", CLIENT},
    {"anchor-not-root", VERIFIER},
    {"leaf-not-anchor", VERIFIER},
    {"issuer-key-changed", VERIFIER},
    {"clock-skew-local", VERIFIER},
    {"clock-skew-peer", VERIFIER},
    {"crl-expired", VERIFIER},
    {"crl-not-yet-valid", VERIFIER},
    {"crl-missing", VERIFIER},
    {"crl-unusable", VERIFIER},
    {"crl-bad-signature", VERIFIER},
    {"path-budget", PRESENTER},
    {"raw-key-unknown", PRESENTER},
    /* what only the issuer can mend */
    {"aki-mismatch", CA},
    {"name-encoding-mismatch", CA},
    {"issuer-expired", CA},
    {"root-expired", CA},
    {"issuer-eku", CA},
    {"issuer-not-ca", CA},
    {"issuer-no-certsign", CA},
    {"pathlen-exceeded", CA},
    {"name-constraint", CA},
    /* certificates that are asked for, and given */
    {"cert-required", CLIENT},
    {"no-credential", CLIENT},
    {"cert-withheld-ca-list", CLIENT},
    {"cert-withheld-sigalg", CLIENT},
    {"identity-denied", CLIENT},
    {"identity-in-use", CLIENT},
    {"cert-not-requested", SERVER},
    {"ca-list-incomplete", SERVER},
    {"ca-list-too-large", SERVER},
    /* the way between */
    {"tcp-timeout", NETWORK},
    {"tcp-unreachable", NETWORK},
    {"record-corrupt", NETWORK},
    {"finished-mismatch", NETWORK},
    {"tcp-refused", SERVER},
    {"plain-reset", SERVER},
    {"internal-error", VERIFIER},
    {"stopped", VERIFIER},
};

enum at_fault fault_of(const char *reason, enum hf_role presenter)
{
    enum party who = PRESENTER;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(reason, table[i].reason) == 0)
            who = table[i].who;
    if (who == CA || who == NETWORK)
        return who == CA ? FAULT_CA : FAULT_NETWORK;
    bool client = presenter == HF_CLIENT;
    if (who == VERIFIER)
        client = !client;
    else if (who != PRESENTER)
        client = who == CLIENT;
    return client ? FAULT_CLIENT : FAULT_SERVER;
}

const char *fault_name(enum at_fault f)
{
    static const char *const names[] = {"nobody", "client", "server", "network", "ca"};
    return names[f];
}
