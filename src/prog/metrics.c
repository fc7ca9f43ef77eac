/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics.c - see metrics.h. Names end in their unit; what only rises ends in _total; every label has a closed set of
 * values: registered names, rows of checks.def, words of ours, and numbers of files as they were configured.
 */
#include "prog/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "prog/log.h"
#include "tls/config.h"

static const char *const ended_name[]   = {"served", "refused", "cut"};
static const char *const sighted_name[] = {"admitted", "replaces", "refused"};

/* One sum over all workers of a counter at this offset in struct tally. */
static uint64_t sum(const struct snapshot *s, size_t offset)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n; i++)
        n += tally_get((const count_t *)(const void *)((const char *)&s->workers[i].tally + offset));
    return n;
}

static void head(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP handfast_%s %s\n# TYPE handfast_%s %s\n", name, help, name, type);
}

static void counter(FILE *f, const struct snapshot *s, const char *name, size_t offset, const char *help)
{
    head(f, name, "counter", help);
    fprintf(f, "handfast_%s %" PRIu64 "\n", name, sum(s, offset));
}

static void gauge(FILE *f, const char *name, int64_t value, const char *help)
{
    head(f, name, "gauge", help);
    fprintf(f, "handfast_%s %" PRId64 "\n", name, value);
}

static void by_word(FILE *f, const struct snapshot *s, const char *name, const char *label, const char *const *words,
                    unsigned n, size_t offset, const char *help)
{
    head(f, name, "counter", help);
    for (unsigned i = 0; i < n; i++)
        fprintf(f, "handfast_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, words[i], sum(s, offset + i * sizeof(count_t)));
}

static void histogram(FILE *f, const struct snapshot *s, const char *name, size_t offset, const uint64_t *bounds_us,
                      const char *help)
{
    uint64_t n = 0;
    head(f, name, "histogram", help);
    for (unsigned i = 0; i < SPAN_BOUNDS; i++) {
        n += sum(s, offset + offsetof(struct span, n) + i * sizeof(count_t));
        fprintf(f, "handfast_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bounds_us[i] / 1e6, n);
    }
    n += sum(s, offset + offsetof(struct span, n) + SPAN_BOUNDS * sizeof(count_t));
    fprintf(f, "handfast_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
    fprintf(f, "handfast_%s_sum %.6f\n", name, (double)sum(s, offset + offsetof(struct span, sum_us)) / 1e6);
    fprintf(f, "handfast_%s_count %" PRIu64 "\n", name, n);
}

/* ---- kinds: the same key may stand in the tallies of several workers --------------------------------------- */

struct sums {
    uint64_t key[FAILURE_KINDS], n[FAILURE_KINDS];
    unsigned used;
};

static void collect(struct sums *out, const struct snapshot *s, size_t offset, unsigned n)
{
    out->used = 0;
    for (unsigned w = 0; w < s->n; w++) {
        const struct kind *k = (const void *)((const char *)&s->workers[w].tally + offset);
        for (unsigned i = 0; i < n; i++) {
            uint64_t key = atomic_load_explicit(&k[i].key, memory_order_acquire), count = tally_get(&k[i].n);
            unsigned at = 0;
            while (at < out->used && out->key[at] != key)
                at++;
            if (count == 0 || at == FAILURE_KINDS)
                continue;
            if (at == out->used) {
                out->key[at] = key;
                out->n[at]   = 0;
                out->used++;
            }
            out->n[at] += count;
        }
    }
}

static void handshakes(FILE *f, const struct snapshot *s)
{
    struct sums all;
    collect(&all, s, offsetof(struct tally, handshakes), HANDSHAKE_KINDS);
    head(f, "handshakes_total", "counter",
         "Handshakes that were completed, by what was negotiated; signature is the peer's proof, none without a "
         "certificate.");
    for (unsigned i = 0; i < all.used; i++) {
        struct handshake_kind k = handshake_kind(all.key[i]);
        fprintf(f,
                "handfast_handshakes_total{version=\"%s\",group=\"%s\",signature=\"%s\",resumed=\"%s\"} %" PRIu64 "\n",
                hf_code_name('v', k.version), k.group ? hf_code_name('g', k.group) : "none",
                k.scheme ? hf_code_name('a', k.scheme) : "none", k.resumed ? "yes" : "no", all.n[i]);
    }
}

static void failures(FILE *f, const struct snapshot *s)
{
    struct sums all;
    collect(&all, s, offsetof(struct tally, failures), FAILURE_KINDS);
    head(f, "failures_total", "counter",
         "Connections that were refused or cut, by the check that failed and its reason; alert is what the peer said, "
         "none "
         "when it was not the peer.");
    for (unsigned i = 0; i < all.used; i++) {
        struct failure_kind  k    = failure_kind(all.key[i]);
        const hf_check_info *info = hf_check_info_of(k.check);
        fprintf(f, "handfast_failures_total{outcome=\"%s\",reason=\"%s\",check=\"%s\",alert=\"%s\"} %" PRIu64 "\n",
                ended_name[k.how % ENDED_N], info->reason, info->name, k.by_peer ? hf_alert_name(k.alert) : "none",
                all.n[i]);
    }
}

/* ---- certificates and lists --------------------------------------------------------------------------------- */

static void our_certificates(FILE *f, const hf_config *cfg)
{
    unsigned i = 0;
    head(f, "certificate_expiry_timestamp_seconds", "gauge",
         "End of validity of our own certificates, in the order of the command line.");
    for (const hf_cred *c = cfg->creds; c; c = c->next, i++)
        if (c->n && !c->raw)
            fprintf(f, "handfast_certificate_expiry_timestamp_seconds{credential=\"%u\"} %" PRId64 "\n", i,
                    c->cert[0].not_after);
}

static void lists(FILE *f, const hf_config *cfg, int64_t now)
{
    hf_crl crl;
    if (!cfg->trust || !hf_trust_crl(cfg->trust, 0, &crl))
        return;
    head(f, "crl_age_seconds", "gauge", "Time since thisUpdate of each revocation list, in the order they were read.");
    for (size_t i = 0; hf_trust_crl(cfg->trust, i, &crl); i++)
        fprintf(f, "handfast_crl_age_seconds{crl=\"%zu\"} %" PRId64 "\n", i, now - crl.this_update);
    head(f, "crl_next_update_timestamp_seconds", "gauge", "When each revocation list has to be replaced.");
    for (size_t i = 0; hf_trust_crl(cfg->trust, i, &crl); i++)
        fprintf(f, "handfast_crl_next_update_timestamp_seconds{crl=\"%zu\"} %" PRId64 "\n", i, crl.next_update);
    head(f, "crl_entries", "gauge", "Certificates on each revocation list.");
    for (size_t i = 0; hf_trust_crl(cfg->trust, i, &crl); i++)
        fprintf(f, "handfast_crl_entries{crl=\"%zu\"} %zu\n", i, crl.entries);
}

/* ---- presence ------------------------------------------------------------------------------------------------ */

static void presence(FILE *f, struct gate *g, const struct snapshot *s)
{
    struct presence_numbers n;
    if (!g->places.table)
        return;
    presence_count(g->places.table, &n);
    gauge(f, "presence_certificates", (int64_t)n.certificates, "Certificates that are here now.");
    gauge(f, "presence_places", (int64_t)n.places, "Places they are at.");
    gauge(f, "presence_connections", (int64_t)n.stays, "Connections they have.");
    gauge(f, "presence_bytes", (int64_t)n.bytes, "Memory of the table of presence.");
    by_word(f, s, "presence_sightings_total", "verdict", sighted_name, SIGHTED_N, offsetof(struct tally, sightings),
            "Newcomers whose certificate was at another place, by what became of them.");
    if (!*g->places.store.at.text)
        return;
    gauge(f, "presence_store_up", atomic_load(&g->places.store.n_away) == 0 && atomic_load(&g->places.store.n_up) > 0,
          "1 while all workers reach the presence store.");
    counter(f, s, "presence_store_failed_requests_total", offsetof(struct tally, store_failed),
            "Requests to the presence store that were not answered.");
    histogram(f, s, "presence_store_request_duration_seconds", offsetof(struct tally, store), span_short_us,
              "Time to the answer of the presence store about a lease.");
}

/* ---- all of it ----------------------------------------------------------------------------------------------- */

void metrics_print(FILE *f, struct gate *g, const struct snapshot *s, int64_t started_ms)
{
    hf_config *cfg     = gate_config(g);
    int64_t    soonest = 0;
    size_t     open    = 0;
    for (unsigned i = 0; i < s->n; i++) {
        int64_t t = s->part[i].soonest_expiry;
        soonest   = t && (!soonest || t < soonest) ? t : soonest;
        open += s->part[i].open;
    }
    head(f, "build_info", "gauge", "1, labelled with the version.");
    fprintf(f, "handfast_build_info{version=\"%s\"} 1\n", HF_VERSION);
    gauge(f, "start_time_seconds", started_ms / 1000, "When the process began to serve, as Unix time.");
    gauge(f, "threads", s->n, "Event loops.");
    counter(f, s, "connections_total", offsetof(struct tally, accepted), "Connections that were accepted.");
    gauge(f, "connections", (int64_t)open, "Connections that are open now, in whatever stage.");
    by_word(f, s, "connections_ended_total", "outcome", ended_name, ENDED_N, offsetof(struct tally, ended),
            "Connections that are over: served to an orderly end, refused in the handshake, cut after it.");
    counter(f, s, "received_bytes_total", offsetof(struct tally, bytes_in), "Application data from TLS peers.");
    counter(f, s, "sent_bytes_total", offsetof(struct tally, bytes_out), "Application data to TLS peers.");
    handshakes(f, s);
    failures(f, s);
    histogram(f, s, "handshake_duration_seconds", offsetof(struct tally, handshake), span_short_us,
              "From the start of a connection to its complete handshake.");
    histogram(f, s, "connection_duration_seconds", offsetof(struct tally, lasted), span_long_us,
              "From the start of a connection to its end.");
    presence(f, g, s);
    our_certificates(f, cfg);
    if (soonest)
        gauge(f, "client_certificate_soonest_expiry_timestamp_seconds", soonest,
              "The first end of validity among the certificates of those who are connected.");
    lists(f, cfg, log_now_ms() / 1000);
    hf_config_free(cfg);
}
