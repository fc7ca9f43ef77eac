/* SPDX-License-Identifier: Apache-2.0
 * capture.c - a capture: frames into TCP streams, streams into what can be seen of TLS, with a key log that names the
 * connections of the seeds.
 *     input = link layer (1 byte), then each frame behind its length (2 bytes) */
#include <string.h>

#include "crypto/crypto.h"
#include "fuzz.h"
#include "prog/packet.h"
#include "prog/watch.h"

static const int links[] = {1, 0, 101, 113, 276};

/* The randoms of the seeds are all 0x42; the secrets of the file open nothing, which is a path of its own. */
static const struct keyfile *keys(void)
{
    static struct keyfile k;
    struct report         rep;
    report_init(&rep);
    always(k.n || keyfile_read(&k, fuzz_file("keys.txt"), &rep));
    return &k;
}

static void look(const struct tcp_conn *c)
{
    struct watched w;
    watch(&w, c, keys());
    for (size_t i = 0; i < w.n; i++)
        always(w.seen[i].kind <= SEEN_RST && (w.seen[i].bytes.n == 0 || w.seen[i].bytes.p));
    watch_free(&w);
    always(w.mem.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tcp_table t;
    if (n < 1 || !crypto_init())
        return 0;
    tcp_open(&t, watch_worth);
    for (size_t at = 1; at + 2 <= n;) {
        struct tcp_segment s;
        size_t             len = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        len = len < n - at ? len : n - at;
        if (packet_read(links[data[0] % 5], (hf_view){data + at, len}, &s) == PACKET_TCP)
            tcp_add(&t, &s);
        at += len;
    }
    for (size_t i = 0; i < t.n; i++)
        look(t.conn[i]);
    tcp_close(&t);
    return 0;
}
