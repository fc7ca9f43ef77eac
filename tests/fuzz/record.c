/* SPDX-License-Identifier: Apache-2.0
 *
 * record.c - makes the seeds of `client`, `server`, `messages` and `records`: handshakes of two engines, each record
 * on its way written down as an item of the receiver's input (flight.h).
 *
 *     fuzz_record FOLDER      into FOLDER/client, FOLDER/server, FOLDER/messages, FOLDER/records
 */
#include <string.h>

#include "flight.h"
#include "tls/conn.h"

enum { CLIENT, SERVER, RECORDED_MAX = 65536 };

static const struct recorded {
    const char *name;
    unsigned    client, server;
} recorded[] = {
    {"tls13", SET_13, SET_13},
    {"tls12", SET_12, SET_12},
    {"both", 0, 0},
    {"down-to-12", 0, SET_12},
    {"retry", SET_13, SET_13 | SET_P256},
    {"retry-both", 0, SET_P256},
    {"not-asked", SET_13, SET_13 | SET_SILENT},
    {"not-asked-12", SET_12, SET_12 | SET_SILENT},
    {"no-certificate", SET_13 | SET_LOOSE, SET_13 | SET_LOOSE},
    {"no-certificate-12", SET_12 | SET_LOOSE, SET_12 | SET_LOOSE},
    {"unverified", SET_13 | SET_SILENT, SET_13},
    {"alpn", SET_13 | SET_ALPN, SET_13 | SET_ALPN},
    {"alpn-12", SET_12 | SET_ALPN, SET_12 | SET_ALPN},
    {"traced", SET_TRACE | SET_PAD, SET_TRACE | SET_PAD},
    {"traced-12", SET_12 | SET_TRACE, SET_12 | SET_TRACE},
    {"staple", SET_13 | SET_STAPLE, SET_13 | SET_STAPLE},
    {"staple-12", SET_12 | SET_STAPLE, SET_12 | SET_STAPLE},
    {"compressed", SET_13 | SET_ZIP, SET_13 | SET_ZIP},
    {"little", SET_13 | SET_LITTLE | SET_CAS, SET_13 | SET_LITTLE},
    {"little-12", SET_12 | SET_LITTLE, SET_12 | SET_LITTLE},
    {"tickets", SET_13 | SET_TICKETS, SET_13 | SET_TICKETS},
    {"tickets-12", SET_12 | SET_TICKETS, SET_12 | SET_TICKETS},
    {"tickets-retry", SET_TICKETS, SET_TICKETS | SET_P256},
    {"tickets-no-certificate", SET_13 | SET_TICKETS | SET_LOOSE, SET_13 | SET_TICKETS | SET_LOOSE},
    {"external-key", SET_13 | SET_PSK, SET_13 | SET_PSK},
    {"external-key-retry", SET_13 | SET_PSK, SET_13 | SET_PSK | SET_P256},
    {"external-key-declined", SET_13 | SET_PSK, SET_13},
    {"raw-keys", SET_13 | SET_RAW, SET_13 | SET_RAW},
    {"raw-keys-12", SET_12 | SET_RAW, SET_12 | SET_RAW},
    {"raw-keys-retry", SET_RAW | SET_TRACE | SET_ZIP, SET_RAW | SET_P256 | SET_ZIP},
    {"raw-keys-none", SET_13 | SET_RAW | SET_LOOSE, SET_13 | SET_RAW | SET_LOOSE},
    {"raw-keys-tickets", SET_13 | SET_RAW | SET_TICKETS, SET_13 | SET_RAW | SET_TICKETS},
    {"raw-keys-tickets-12", SET_12 | SET_RAW | SET_TICKETS, SET_12 | SET_RAW | SET_TICKETS},
    {"raw-keys-waiting", SET_RAW | SET_SIGNER | SET_ASK, SET_RAW | SET_SIGNER | SET_ASK},
    {"waiting", SET_SIGNER | SET_ASK, SET_SIGNER | SET_ASK},
    {"waiting-12", SET_12 | SET_SIGNER | SET_ASK, SET_12 | SET_SIGNER | SET_ASK},
};

struct side {
    hf_conn *c;
    uint8_t  input[RECORDED_MAX]; /* of the target of this role */
    size_t   n;
};

static const char *folder;

static void write_file(const char *target, const char *name, const uint8_t *p, size_t n)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void item(struct side *s, uint8_t kind, const uint8_t *p, size_t n)
{
    always(s->n + ITEM_HEADER + n <= sizeof s->input);
    memcpy(s->input + s->n, (uint8_t[]){kind, (uint8_t)(n >> 8), (uint8_t)n}, ITEM_HEADER);
    if (n)
        memcpy(s->input + s->n + ITEM_HEADER, p, n);
    s->n += ITEM_HEADER + n;
}

/* Each message of a record, for the target `messages`. */
static void messages(const char *name, bool older, const uint8_t *p, size_t n)
{
    static uint8_t b[RECORDED_MAX];
    char           file[128];
    for (size_t at = 0; at + MSG_HEADER <= n;) {
        size_t len = MSG_HEADER + ((size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 | p[at + 3]);
        if (len > n - at)
            break;
        b[0] = older;
        memcpy(b + 1, p + at, len);
        snprintf(file, sizeof file, "%s-%u", name, p[at]);
        write_file("messages", file, b, 1 + len);
        at += len;
    }
}

/* The record as an item of the receiver, and then to the receiver itself. */
static void deliver(struct side *to, const char *name, uint8_t *wire, size_t n)
{
    const struct rec_dir *d    = &to->c->rec_in;
    const uint8_t        *body = wire + REC_HEADER;
    size_t                room, len = n - REC_HEADER;
    uint8_t               type = wire[0];
    if (d->aead && type != CT_CHANGE_CIPHER_SPEC) {
        body += d->explicit_n;
        len -= d->explicit_n + (size_t)AEAD_TAG;
        while (!d->v12 && body[len - 1] == 0)
            len--;
        type = d->v12 ? type : body[--len];
    }
    if (type == CT_HANDSHAKE)
        messages(name, to->c->version == TLS12, body, len);
    item(to, type, body, len);
    uint8_t *in = hf_conn_in(to->c, &room);
    always(in && room >= n);
    memcpy(in, wire, n);
    hf_conn_in_done(to->c, n);
    flight_step(to->c, FUZZ_NOW_MS, false);
    for (hf_view v = hf_conn_data(to->c); v.n > 0; v = hf_conn_data(to->c))
        hf_conn_data_done(to->c, v.n);
}

/* All that one side has to say; false: nothing. */
static bool carry(struct side *from, struct side *to, const char *name)
{
    static uint8_t b[RECORDED_MAX];
    flight_step(from->c, FUZZ_NOW_MS, false);
    hf_view v = hf_conn_out(from->c);
    size_t  n = v.n;
    always(n <= sizeof b);
    if (n)
        memcpy(b, v.p, n);
    hf_conn_out_done(from->c, n);
    for (size_t at = 0; at < n;) {
        size_t len = REC_HEADER + (size_t)(b[at + 3] << 8 | b[at + 4]);
        deliver(to, name, b + at, len);
        at += len;
    }
    return n > 0;
}

static void run(struct side s[2], const char *name)
{
    for (bool moved = true; moved;) {
        moved = carry(&s[CLIENT], &s[SERVER], name);
        moved |= carry(&s[SERVER], &s[CLIENT], name);
    }
}

/* What the application does, as an item of its own side's input too. */
static void application(struct side *s)
{
    hf_conn_send(s->c, "hello", 5);
    item(s, ITEM_SEND, (const uint8_t *)"hello", 5);
    hf_conn_key_update(s->c, true);
    item(s, ITEM_UPDATE, (const uint8_t *)"?", 1);
    hf_conn_rest(s->c);
    item(s, ITEM_REST, NULL, 0);
}

/* session: what the client goes on from; empty: nothing. Returns the session that it leaves, if it has one. */
static hf_view record_one(const struct recorded *r, hf_view session)
{
    static struct side s[2];
    static uint8_t     left[RECORDED_MAX];
    const unsigned     setting[2] = {r->client, r->server};
    for (int i = CLIENT; i <= SERVER; i++) {
        s[i] = (struct side){.c = flight_conn(i == CLIENT ? HF_CLIENT : HF_SERVER, setting[i]), .n = SETTING_BYTES};
        for (int b = 0; b < SETTING_BYTES; b++)
            s[i].input[b] = (uint8_t)(setting[i] >> 8 * (SETTING_BYTES - 1 - b));
        always(s[i].c);
    }
    if (session.n) {
        always(hf_conn_resume(s[CLIENT].c, session));
        item(&s[CLIENT], ITEM_SESSION, session.p, session.n);
    }
    run(s, r->name);
    always(flight_step(s[CLIENT].c, FUZZ_NOW_MS, false) & flight_step(s[SERVER].c, FUZZ_NOW_MS, false) & HF_OPEN);
    always(hf_conn_resumed(s[SERVER].c) == (session.n > 0));
    hf_view kept = hf_conn_session(s[CLIENT].c);
    if (kept.n)
        memcpy(left, kept.p, kept.n);
    application(&s[CLIENT]);
    run(s, r->name);
    application(&s[SERVER]);
    run(s, r->name);
    hf_conn_close(s[CLIENT].c);
    item(&s[CLIENT], ITEM_CLOSE, NULL, 0);
    run(s, r->name);
    item(&s[SERVER], ITEM_END, NULL, 0);
    write_file("client", r->name, s[CLIENT].input, s[CLIENT].n);
    write_file("server", r->name, s[SERVER].input, s[SERVER].n);
    hf_conn_free(s[CLIENT].c);
    hf_conn_free(s[SERVER].c);
    return (hf_view){left, kept.n};
}

static void record_two(const struct recorded *r)
{
    char            name[64];
    hf_view         none = {0}, session = record_one(r, none);
    struct recorded resumed = *r;
    if (!session.n)
        return;
    snprintf(name, sizeof name, "%s-resumed", r->name);
    resumed.name = name;
    record_one(&resumed, session);
}

/* Two records under each form of protection. */
static void records(void)
{
    static const char *const names[] = {"plain", "tls13", "tls12-gcm", "tls12-chacha"};
    for (uint8_t form = 0; form < 4; form++) {
        uint8_t b[256] = {form}, *p = b + 1;
        for (int i = 0; i < 2; i++) {
            size_t inner = form == 1 ? 6 : 5, nonce = form == 2 ? 8 : 0, tag = form ? AEAD_TAG : 0;
            memcpy(p, (uint8_t[]){form == 1 ? 23 : 22, 3, 3, 0, (uint8_t)(nonce + inner + tag)}, REC_HEADER);
            memcpy(p + REC_HEADER + nonce, "\x18\0\0\1\0\x16", inner);
            p += REC_HEADER + nonce + inner + tag;
        }
        write_file("records", names[form], b, (size_t)(p - b));
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++)
        record_two(&recorded[i]);
    records();
    return 0;
}
