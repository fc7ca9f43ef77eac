/* SPDX-License-Identifier: Apache-2.0
 * capture_explain.c - `handfast explain --pcap FILE [--keylog FILE]`: each handshake in the file, told and judged. */
#include <stdlib.h>
#include <string.h>

#include "prog/capture.h"
#include "prog/commands.h"
#include "prog/eyes.h"
#include "prog/outlet.h"

struct told {
    const struct explain *given;
    const struct keyfile *keys;
    struct outlet         out;
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
        json_t *tale = eyes_tale(e, t->given->pcap);
        outlet_tale(&t->out, tale);
        json_decref(tale);
        t->fault = t->fault || strcmp(e->x.verdict.reason, "ok") != 0;
    } else if (handshakes && !unanswered(e))
        t->without_tls++;
    eyes_close(e);
    free(e);
}

static void tell_all(struct told *t, const struct tcp_table *table)
{
    for (int handshakes = 1; handshakes >= 0 && t->out.n == 0; handshakes--)
        for (size_t i = 0; i < table->n; i++)
            if (!table->conn[i]->dull)
                tell(t, table->conn[i], handshakes);
}

/* ---- the whole file ------------------------------------------------------------------------------------ */

static void json_begin(const struct told *t, const struct capture *c, const struct tcp_table *table)
{
    json_t *head = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:b, s:I}", "file", t->given->pcap, "packets",
                             (json_int_t)c->packets, "segments", (json_int_t)c->segments, "not_tcp",
                             (json_int_t)c->others, "fragments", (json_int_t)c->fragments, "cut", (json_int_t)c->cut,
                             "ends_early", (int)c->ends_early, "connections", (json_int_t)table->n);
    printf("{\"format\": 1, \"by\": \"handfast " HF_VERSION "\", \"capture\": ");
    json_dumpf(head, stdout, JSON_PRESERVE_ORDER);
    printf(", \"handshakes\": [\n");
    json_decref(head);
}

static void text_end(const struct told *t, const struct capture *c, const struct tcp_table *table)
{
    printf("told: %zu of %zu connections, from %zu packets\n", t->out.n, table->n, c->packets);
    if (c->cut)
        printf("%zu packets were captured only in part: capture with tcpdump -s 0\n", c->cut);
    if (c->fragments)
        printf("%zu fragments of IP packets were left out\n", c->fragments);
}

static bool tell_file(struct told *t, const struct capture *c, const struct tcp_table *table)
{
    if (!outlet_open(&t->out, t->given, true))
        return false;
    bool json = t->given->json && !t->out.quiet, text = !t->given->json && !t->out.quiet;
    if (json)
        json_begin(t, c, table);
    tell_all(t, table);
    if (json)
        printf("],\n\"without_tls\": %zu}\n", t->without_tls);
    if (text)
        text_end(t, c, table);
    if (t->out.n == 0)
        fprintf(stderr, "handfast explain: no TLS handshake is in %s\n", t->given->pcap);
    return outlet_close(&t->out) && t->out.n;
}

int explain_capture(const struct explain *given)
{
    struct tcp_table table;
    struct keyfile   keys = {0};
    struct capture   c    = {0};
    struct told      t    = {.given = given, .keys = given->set.keylog ? &keys : NULL};
    struct report    rep;
    report_init(&rep);
    tcp_open(&table, watch_worth);
    bool ok = (crypto_init() || fail_text(&rep, CAPTURE_LIBCRYPTO, 0, 0, 0, crypto_version())) &&
              (!given->set.keylog || keyfile_read(&keys, given->set.keylog, &rep)) &&
              capture_read(given->pcap, &table, &c, &rep);
    if (!ok) {
        fprintf(stderr, "handfast explain: ");
        hf_why_print(&rep.why, stderr);
    }
    ok = ok && tell_file(&t, &c, &table);
    keyfile_free(&keys);
    tcp_close(&table);
    return !ok ? EXIT_WRONG : t.fault ? EXIT_REFUSED : EXIT_OK;
}
