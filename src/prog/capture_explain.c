/* SPDX-License-Identifier: Apache-2.0
 * capture_explain.c - `handfast explain --pcap FILE [--keylog FILE]`: each handshake in the file, told and judged. */
#include <stdlib.h>
#include <string.h>

#include "prog/capture.h"
#include "prog/commands.h"
#include "prog/eyes.h"

struct told {
    const struct explain *given;
    const struct keyfile *keys;
    json_t               *tales;
    size_t                without_tls;
    bool                  fault;
};

/* What the options say about trust and names; nothing else of it is used. */
static struct eyes *eyes_new(const struct explain *given)
{
    struct eyes *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->x.set           = given->set;
    e->x.set.n_creds   = 0;
    e->x.name          = given->name;
    e->x.expect_mutual = given->expect_mutual;
    return e;
}

static bool unanswered(const struct eyes *e)
{
    return e->x.live.out.end == END_DIAL;
}

/* pass 0: handshakes; pass 1: attempts to connect that nobody answered, told when there is nothing else. */
static void tell(struct told *t, const struct tcp_conn *c, bool handshakes)
{
    struct eyes *e = eyes_new(t->given);
    if (!e)
        return;
    eyes_open(e, c, t->keys);
    if (handshakes ? eyes_tells(e) : unanswered(e)) {
        json_array_append_new(t->tales, eyes_tale(e, t->given->pcap));
        t->fault = t->fault || strcmp(e->x.verdict.reason, "ok") != 0;
    } else if (handshakes && !unanswered(e))
        t->without_tls++;
    eyes_close(e);
    free(e);
}

static void tell_all(struct told *t, const struct tcp_table *table)
{
    for (int handshakes = 1; handshakes >= 0 && json_array_size(t->tales) == 0; handshakes--)
        for (size_t i = 0; i < table->n; i++)
            if (!table->conn[i]->dull)
                tell(t, table->conn[i], handshakes);
}

static json_t *document(const struct told *t, const struct capture *c, const struct tcp_table *table)
{
    return json_pack("{s:i, s:s, s:{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I, s:I}, s:O}", "format", 1, "by",
                     "handfast " HF_VERSION, "capture", "file", t->given->pcap, "packets", (json_int_t)c->packets,
                     "segments", (json_int_t)c->segments, "not_tcp", (json_int_t)c->others, "fragments",
                     (json_int_t)c->fragments, "cut", (json_int_t)c->cut, "ends_early", (int)c->ends_early,
                     "connections", (json_int_t)table->n, "without_tls", (json_int_t)t->without_tls, "handshakes",
                     t->tales);
}

static void print(const struct told *t, const struct capture *c, const struct tcp_table *table)
{
    size_t  i;
    json_t *one;
    if (t->given->json) {
        json_t *all = document(t, c, table);
        explain_print_json(all);
        json_decref(all);
        return;
    }
    json_array_foreach(t->tales, i, one) explain_print(t->given, one);
    printf("told: %zu of %zu connections, from %zu packets\n", json_array_size(t->tales), table->n, c->packets);
    if (c->cut)
        printf("%zu packets were captured only in part: capture with tcpdump -s 0\n", c->cut);
    if (c->fragments)
        printf("%zu fragments of IP packets were left out\n", c->fragments);
}

int explain_capture(const struct explain *given)
{
    struct tcp_table table;
    struct keyfile   keys = {0};
    struct capture   c    = {0};
    struct told      t    = {.given = given, .tales = json_array()};
    struct report    rep;
    report_init(&rep);
    tcp_open(&table, watch_worth);
    bool ok = (crypto_init() || fail_text(&rep, CAPTURE_LIBCRYPTO, 0, 0, 0, crypto_version())) &&
              (!given->set.keylog || keyfile_read(&keys, given->set.keylog, &rep)) &&
              capture_read(given->pcap, &table, &c, &rep);
    t.keys = given->set.keylog ? &keys : NULL;
    if (ok) {
        tell_all(&t, &table);
        ok = explain_page(given, t.tales);
        if (!given->html || strcmp(given->html, "-") != 0)
            print(&t, &c, &table);
    } else {
        fprintf(stderr, "handfast explain: ");
        hf_why_print(&rep.why, stderr);
    }
    size_t n = json_array_size(t.tales);
    if (ok && n == 0)
        fprintf(stderr, "handfast explain: no TLS handshake is in %s\n", given->pcap);
    json_decref(t.tales);
    keyfile_free(&keys);
    tcp_close(&table);
    return !ok || n == 0 ? EXIT_WRONG : t.fault ? EXIT_REFUSED : EXIT_OK;
}
