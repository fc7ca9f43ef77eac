/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_issuer.h"

#include <string.h>

#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"

/* The first certificate of a file, as DER owned by m. */
static uint8_t *first_certificate(const char *file, size_t *n, struct mem *m, struct report *rep)
{
    struct pem_block b;
    size_t           at   = 0, text_n;
    uint8_t         *text = file_read(file, &text_n, m, rep), *der = NULL;
    while (text && !der && pem_next((hf_view){text, text_n}, &at, &b, m, rep)) {
        if (b.label.n == 11 && memcmp(b.label.p, "CERTIFICATE", 11) == 0) {
            der   = b.der;
            *n    = b.n;
            b.der = NULL;
        }
        pem_free(&b, m);
    }
    mem_free(m, text);
    if (!der)
        fail_text(rep, CA_ISSUER_FILE, 0, 0, 0, file);
    return der;
}

static struct key *issuer_key(const char *file, struct mem *m, struct report *rep)
{
    size_t      n;
    uint8_t    *bytes = file_read(file, &n, m, rep);
    struct key *k     = bytes ? key_load((hf_view){bytes, n}, file, NULL, NULL, rep) : NULL;
    mem_free(m, bytes);
    return k;
}

bool ca_issuer_load(struct ca_issuer *i, const char *dir, struct mem *m, struct report *rep)
{
    char   file[PATH_MAX];
    size_t n;
    *i = (struct ca_issuer){0};
    if (!ca_path(file, dir, "intermediate.pem", rep))
        return false;
    i->der = first_certificate(file, &n, m, rep);
    if (!i->der || !cert_parse(&i->cert, (hf_view){i->der, n}, rep))
        return false;
    if (i->cert.not_after < ca_now())
        return fail_text(rep, CA_ISSUER_ENDED, 0, ca_now(), i->cert.not_after, file);
    i->pem_n = pem_write(i->pem, sizeof i->pem, "CERTIFICATE", (hf_view){i->der, n});
    if (!ca_path(file, dir, "intermediate.key", rep))
        return false;
    i->key = issuer_key(file, m, rep);
    return i->key != NULL;
}

void ca_issuer_free(struct ca_issuer *i, struct mem *m)
{
    mem_free(m, i->der);
    key_free(i->key);
}

/* The request in a PEM file, as DER owned by m. */
static uint8_t *request_block(hf_view text, const char *file, size_t *n, struct mem *m, struct report *rep)
{
    struct pem_block b;
    size_t           at = 0;
    char             what[160], label[64] = "nothing that can be read";
    while (pem_next(text, &at, &b, m, rep)) {
        if (b.label.n >= 19 && memcmp(b.label.p + b.label.n - 19, "CERTIFICATE REQUEST", 19) == 0) {
            *n = b.n; /* "NEW CERTIFICATE REQUEST" too, as some write it */
            return b.der;
        }
        text_printable(label, sizeof label, b.label.p, b.label.n);
        pem_free(&b, m);
    }
    text_add(what, sizeof what, 0, "%s: holds %s", file, label);
    fail_text(rep, CA_REQUEST_FILE, 0, 0, 0, what);
    return NULL;
}

bool ca_request_load(struct csr *csr, uint8_t **der, const char *file, struct mem *m, struct report *rep)
{
    size_t   n;
    uint8_t *bytes = file_read(file, &n, m, rep);
    *der           = bytes;
    if (bytes && pem_looks_like((hf_view){bytes, n})) {
        *der = request_block((hf_view){bytes, n}, file, &n, m, rep);
        mem_free(m, bytes);
    }
    if (!*der || !csr_read(csr, (hf_view){*der, n}, rep)) {
        why_add_text(rep, (enum check)rep->why.check, file);
        return false;
    }
    return true;
}
