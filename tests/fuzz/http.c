/* SPDX-License-Identifier: Apache-2.0
 * http.c - requests on their way to a service, cut in two ways: the same passes, and what has passed passes unchanged.
 *     input = where to cut (1 byte), what a client says */
#include <string.h>

#include "base/limits.h"
#include "fuzz.h"
#include "prog/http_in.h"

enum { OUT_MAX = 256 * 1024 };

/* Everything, at most step bytes at a time; out: what passed of it. */
static struct http_in *pass(hf_view v, size_t step, uint8_t *out, size_t *n)
{
    struct http_in *h = http_in_new((hf_view){NULL, 0});
    always(h);
    *n = 0;
    while (v.n && !h->bad) {
        size_t took = http_in_feed(h, (hf_view){v.p, v.n < step ? v.n : step});
        always(took > 0 || h->bad);
        v = (hf_view){v.p + took, v.n - took};
        if (h->bad)
            break;
        always(*n + h->out.n <= OUT_MAX);
        if (h->out.n)
            memcpy(out + *n, h->out.p, h->out.n);
        *n += h->out.n;
        h->out.n = 0;
    }
    return h;
}

static bool is_cut(const struct http_in *h)
{
    return h->head.n > 0 || h->in_body;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static uint8_t one[OUT_MAX], two[OUT_MAX], again[OUT_MAX];
    size_t         n_one, n_two, n_again;
    if (n < 1 || n > 16 * 1024)
        return 0;
    hf_view         v = {data + 1, n - 1};
    struct http_in *a = pass(v, n, one, &n_one), *b = pass(v, data[0] % 16 + 1u, two, &n_two);
    fuzz_judge(&a->rep, !a->bad);
    always(a->rep.why.check == b->rep.why.check);
    if (!a->bad && !is_cut(a)) { /* whole requests: chunks may be cut differently, so each way is its own fixed point */
        struct http_in *c = pass((hf_view){one, n_one}, OUT_MAX, again, &n_again);
        always(!c->bad && !is_cut(c) && n_again == n_one && memcmp(again, one, n_one) == 0);
        http_in_free(c);
    }
    http_in_free(a);
    http_in_free(b);
    return 0;
}
