/* SPDX-License-Identifier: Apache-2.0
 *
 * trace_explain.c - `handfast explain --trace FILE`: tales that a server has kept, one JSON object a line, told again. What
 * they leave out, the fields of the messages, is made from the bytes.
 */
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "prog/commands.h"
#include "prog/outlet.h"
#include "tls/codes.h"

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a message; n: how many. NULL: memory is out, or they are none. */
static uint8_t *bytes_of(struct mem *m, const char *hex, size_t *n)
{
    *n           = strlen(hex) / 2;
    uint8_t *out = *n <= LIMIT_TRACE_BYTES ? mem_alloc(m, *n + 1) : NULL;
    for (size_t i = 0; out && i < *n; i++) {
        int hi = digit(hex[2 * i]), lo = digit(hex[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            mem_free(m, out);
            return NULL;
        }
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return out;
}

static void unfold(json_t *message, uint16_t version)
{
    struct mem  m   = {0};
    const char *hex = json_string_value(json_object_get(message, "hex"));
    size_t      n   = 0;
    uint8_t    *p   = hex ? bytes_of(&m, hex, &n) : NULL;
    json_object_set_new(message, "fields", p ? tale_fields((hf_view){p, n}, version) : json_array());
    mem_free(&m, p);
}

static void unfold_all(json_t *tale)
{
    json_t     *c       = json_object_get(tale, "connection"), *m;
    const char *version = json_string_value(json_object_get(c, "version"));
    size_t      i;
    json_array_foreach(json_object_get(c, "messages"), i, m) if (!json_object_get(m, "fields"))
        unfold(m, version && strcmp(version, "TLS 1.2") == 0 ? TLS12 : TLS13);
}

/* Every line that is a tale; what was cut off by a full disk or a kill is passed over and counted. */
static size_t tell_lines(struct outlet *o, char *text)
{
    size_t broken = 0;
    for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        json_t *tale = json_loads(line, 0, NULL);
        if (json_is_object(json_object_get(tale, "connection"))) {
            unfold_all(tale);
            outlet_tale(o, tale);
        } else
            broken++;
        json_decref(tale);
    }
    return broken;
}

static bool tell(const struct explain *x, char *text)
{
    struct outlet o;
    if (!outlet_open(&o, x, true))
        return false;
    bool json = x->json && !o.quiet;
    if (json)
        printf("[\n");
    size_t broken = tell_lines(&o, text);
    if (json)
        printf("]\n");
    if (broken)
        fprintf(stderr, "handfast explain: %zu lines of %s are no traces\n", broken, x->trace);
    if (!o.n)
        fprintf(stderr, "handfast explain: there is no trace in %s\n", x->trace);
    return outlet_close(&o) && o.n;
}

int explain_trace(const struct explain *x)
{
    struct report rep;
    struct mem    m = {0};
    size_t        n;
    report_init(&rep);
    char *text = (char *)file_read(x->trace, &n, &m, &rep);
    if (!text) {
        fprintf(stderr, "handfast explain: ");
        hf_why_print(&rep.why, stderr);
        return EXIT_WRONG;
    }
    bool ok = tell(x, text);
    mem_free(&m, text);
    return ok ? EXIT_OK : EXIT_WRONG;
}
