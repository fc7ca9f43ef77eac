/* SPDX-License-Identifier: Apache-2.0
 *
 * limbo.c - runs path validation over a file in x509-limbo's format (version 1) and prints one JSON object a
 * line: {"id", "actual_result": SUCCESS | FAILURE | SKIPPED, "check", "cert", "context"}.
 *
 *     limbo [--profile private|web] [--only ID] [--warm] FILE.json[.xz]
 *
 * How a case becomes a call (the README of the corpus): all trusted_certs are anchors whatever they are; the
 * purpose is the extended_key_usage named, else that of validation_kind; validation_time null is a fixed moment;
 * max_chain_depth counts the intermediates; a CLIENT case's expected_peer_names must each be in the subjectAltName.
 *
 * --warm: each case is judged with and without remembered signatures (proven.h), in turn under its own conditions and
 * under changed ones: earlier, later, for the other purpose, without anchors, with revocation demanded. actual_result
 * is EQUAL, or DIFFERS with the condition as context.
 *
 * The cases run in a child process that tells its number before each one: when the child dies or takes longer than
 * CASE_SECONDS for one, that case is CRASH or HANG, and a new child goes on behind it.
 */
#include <fcntl.h>
#include <jansson.h>
#include <lzma.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pem.h"
#include "base/text.h"
#include "base/when.h"
#include "x509/proven.h"
#include "x509/valid.h"

enum { CASE_SECONDS = 10, CERTS_MAX = 128, UNPACKED_MAX = 512 << 20 };

/* 2024-06-01T00:00:00Z: for cases that do not say when. */
static const int64_t SOME_TIME = 1717200000;

struct options {
    enum profile profile;
    bool         warm;
    const char  *only, *file;
};

/* One case, taken out of its JSON. */
struct problem {
    struct mem       mem;
    hf_trust        *trust;
    struct pem_block certs[CERTS_MAX];
    hf_view          chain[CERTS_MAX];
    size_t           n;
    json_t          *peer_names;
    struct valid_how how;
};

/* ---- the file ------------------------------------------------------------------------------------------ */

static bool has_end(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* Unpacks in place of *text; the sizes are tried until the content fits. */
static bool unpack(uint8_t **text, size_t *n)
{
    for (size_t room = *n * 8; room <= UNPACKED_MAX; room *= 2) {
        uint64_t limit = UINT64_MAX;
        size_t   in = 0, out = 0;
        uint8_t *plain = malloc(room);
        lzma_ret ret =
            plain ? lzma_stream_buffer_decode(&limit, 0, NULL, *text, &in, *n, plain, &out, room) : LZMA_MEM_ERROR;
        if (ret == LZMA_OK) {
            *text = plain;
            *n    = out;
            return true;
        }
        free(plain);
        if (ret != LZMA_BUF_ERROR)
            return false;
    }
    return false;
}

static json_t *load(const char *file)
{
    struct mem    mem = {0};
    struct report rep;
    json_error_t  error;
    size_t        n;
    uint8_t      *text;
    json_t       *root;
    report_init(&rep);
    text = file_read(file, &n, &mem, &rep);
    if (!text) {
        hf_why_print(&rep.why, stderr);
        return NULL;
    }
    if (has_end(file, ".xz") && !unpack(&text, &n)) {
        fprintf(stderr, "%s: not a whole xz file\n", file);
        return NULL;
    }
    root = json_loadb((char *)text, n, 0, &error);
    if (!root)
        fprintf(stderr, "%s: line %d: %s\n", file, error.line, error.text);
    return root;
}

/* ---- a case -------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *value)
{
    const char *s = json_string_value(value);
    return s ? s : "";
}

static const char *string(const json_t *o, const char *key)
{
    return text_of(json_object_get(o, key));
}

/* "2024-01-01T00:00:00[.123](+00:00|Z)"; whole seconds, rounded down. */
static int64_t read_time(const json_t *value)
{
    struct when w;
    int64_t     t;
    int         at = 0, hours = 0, minutes = 0;
    char        sign = '+';
    const char *s    = json_string_value(value);
    if (!s || sscanf(s, "%d-%d-%dT%d:%d:%d%n", &w.year, &w.month, &w.day, &w.hour, &w.minute, &w.second, &at) != 6 ||
        !when_to_unix(&w, &t))
        return SOME_TIME;
    at += s[at] == '.' ? 1 + (int)strspn(s + at + 1, "0123456789") : 0;
    if (sscanf(s + at, "%c%d:%d", &sign, &hours, &minutes) < 3)
        return t;
    return t + (sign == '-' ? 1 : -1) * (hours * 3600 + minutes * 60);
}

static hf_view next_pem(struct problem *p, const char *text)
{
    struct report rep;
    size_t        at = 0;
    report_init(&rep);
    if (!pem_next((hf_view){(const uint8_t *)text, strlen(text)}, &at, &p->certs[p->n], &p->mem, &rep))
        return (hf_view){0};
    return (hf_view){p->certs[p->n].der, p->certs[p->n].n};
}

static void add_presented(struct problem *p, const char *text)
{
    if (p->n < CERTS_MAX && (p->chain[p->n] = next_pem(p, text)).p)
        p->n++;
}

static void add_anchor(struct problem *p, const char *text)
{
    hf_view der = next_pem(p, text);
    trust_anchor_anything(p->trust, der);
    pem_free(&p->certs[p->n], &p->mem);
}

static enum purpose purpose_of(const json_t *test)
{
    const char *named = json_string_value(json_array_get(json_object_get(test, "extended_key_usage"), 0));
    if (named)
        return strcmp(named, "clientAuth") == 0 ? FOR_CLIENT_AUTH : FOR_SERVER_AUTH;
    return strcmp(string(test, "validation_kind"), "CLIENT") == 0 ? FOR_CLIENT_AUTH : FOR_SERVER_AUTH;
}

/* If any are given, every certificate below the anchor needs one; a CRL that cannot be used is as good as none. */
static void add_crls(struct problem *p, const json_t *crls)
{
    json_t *one;
    size_t  i;
    if (json_array_size(crls))
        hf_trust_crl_policy(p->trust, (hf_view){0}, HF_CRL_REQUIRED);
    json_array_foreach(crls, i, one)
        hf_trust_crl_bytes(p->trust, json_string_value(one), json_string_length(one), "the case");
}

static void read_problem(struct problem *p, const json_t *test, const struct options *o)
{
    json_t *one, *depth = json_object_get(test, "max_chain_depth");
    size_t  i;
    p->trust = hf_trust_new();
    add_presented(p, string(test, "peer_certificate"));
    json_array_foreach(json_object_get(test, "untrusted_intermediates"), i, one) add_presented(p, text_of(one));
    json_array_foreach(json_object_get(test, "trusted_certs"), i, one) add_anchor(p, text_of(one));
    add_crls(p, json_object_get(test, "crls"));
    one           = json_object_get(test, "expected_peer_name");
    p->peer_names = json_object_get(test, "expected_peer_names");
    p->how        = (struct valid_how){.trust    = p->trust,
                                       .purpose  = purpose_of(test),
                                       .profile  = o->profile,
                                       .name     = json_is_object(one) ? string(one, "value") : NULL,
                                       .now      = read_time(json_object_get(test, "validation_time")),
                                       .max_path = json_is_integer(depth) ? (unsigned)json_integer_value(depth) + 2 : 0};
}

static void drop_problem(struct problem *p)
{
    for (size_t i = 0; i < p->n; i++)
        pem_free(&p->certs[i], &p->mem);
    hf_trust_free(p->trust);
}

static bool has_name(const struct cert *leaf, const json_t *wanted)
{
    enum name_kind  kind  = strcmp(string(wanted, "kind"), "RFC822") == 0 ? NAME_MAIL : NAME_DNS;
    const char     *value = string(wanted, "value");
    struct gen_name name;
    size_t          at = 0;
    if (strcmp(string(wanted, "kind"), "RFC822") != 0)
        return match_host(leaf, value);
    while (leaf->san.n && san_next(leaf->san, &at, &name))
        if (name.kind == kind && name.value.n == strlen(value) && memcmp(name.value.p, value, name.value.n) == 0)
            return true;
    return false;
}

static void print(const json_t *test, const char *result, const char *check, int cert, const char *context)
{
    json_t *line = json_pack("{s:s, s:s, s:s, s:i, s:s}", "id", string(test, "id"), "actual_result", result, "check",
                             check, "cert", cert, "context", context);
    char   *text = line ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (!line && *context) { /* no valid UTF-8: the answer counts, not its explanation */
        print(test, result, check, cert, "");
        return;
    }
    puts(text ? text : "{}");
    fflush(stdout);
    free(text);
    json_decref(line);
}

static void run(const json_t *test, const struct options *o)
{
    static struct problem p;
    struct valid_path     path;
    struct report         rep;
    json_t               *name;
    size_t                i;
    char                  text[1024];
    bool                  ok;
    memset(&p, 0, sizeof p);
    report_init(&rep);
    read_problem(&p, test, o);
    ok = valid_chain(&p.how, p.chain, p.n, &p.mem, &path, &rep);
    json_array_foreach(p.peer_names, i, name) if (ok && !has_name(&path.certs[0], name)) ok =
        fail_text(&rep, NAME_MISMATCH, 0, 0, 0, string(name, "value"));
    if (!ok && rep.why.check == CRL_MISSING && hf_trust_why(p.trust)->check) /* why there is none */
        rep.why = *hf_trust_why(p.trust);
    hf_why_text(&rep.why, text, sizeof text);
    print(test, ok ? "SUCCESS" : "FAILURE", hf_check_info_of(rep.why.check)->name, rep.why.cert, ok ? "" : text);
    if (p.n)
        valid_path_free(&path, &p.mem);
    drop_problem(&p);
}

/* ---- warm and cold --------------------------------------------------------------------------------------- */

static hf_why verdict(struct problem *p, const struct valid_how *how)
{
    struct valid_path path;
    struct report     rep;
    report_init(&rep);
    valid_chain(how, p->chain, p->n, &p->mem, &path, &rep);
    if (p->n)
        valid_path_free(&path, &p->mem);
    return rep.why;
}

/* Twice warm: what the first pass remembered, the second relies on. */
static bool equal(struct problem *p, struct valid_how how, struct proven *remembered)
{
    hf_why cold = verdict(p, &how);
    how.proven  = remembered;
    for (int pass = 0; pass < 2; pass++) {
        hf_why warm = verdict(p, &how);
        if (memcmp(&cold, &warm, sizeof cold) != 0)
            return false;
    }
    return true;
}

static void run_warm(const json_t *test, const struct options *o)
{
    enum { YEARS_20 = 20 * 365 * 86400 };
    static struct proven *remembered; /* by all cases together */
    static struct problem p;
    memset(&p, 0, sizeof p);
    remembered = remembered ? remembered : proven_new(4096);
    read_problem(&p, test, o);
    hf_trust        *nobody = hf_trust_new();
    struct valid_how own = p.how, early = own, late = own, other = own, lost = own;
    early.now -= YEARS_20;
    late.now += YEARS_20;
    other.purpose         = own.purpose == FOR_CLIENT_AUTH ? FOR_SERVER_AUTH : FOR_CLIENT_AUTH;
    lost.trust            = nobody;
    const char *condition = !equal(&p, own, remembered)     ? "as it is"
                            : !equal(&p, early, remembered) ? "earlier"
                            : !equal(&p, late, remembered)  ? "later"
                            : !equal(&p, other, remembered) ? "for the other purpose"
                            : !equal(&p, lost, remembered)  ? "without anchors"
                                                            : NULL;
    hf_trust_crl_policy(p.trust, (hf_view){0}, HF_CRL_REQUIRED);
    if (!condition && !equal(&p, own, remembered))
        condition = "with revocation demanded";
    print(test, condition ? "DIFFERS" : "EQUAL", "", -1, condition ? condition : "");
    hf_trust_free(nobody);
    drop_problem(&p);
}

/* ---- all cases ----------------------------------------------------------------------------------------- */

/* Runs the cases from *at on, in the child; *at is shared with the parent. */
static void run_from(json_t *tests, volatile size_t *at, const struct options *o)
{
    for (; *at < json_array_size(tests); ++*at) {
        const json_t *test = json_array_get(tests, *at);
        alarm(CASE_SECONDS);
        if (!o->only || strcmp(o->only, string(test, "id")) == 0)
            (o->warm ? run_warm : run)(test, o);
    }
}

static bool run_all(json_t *tests, const struct options *o)
{
    volatile size_t *at  = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool             all = at != MAP_FAILED;
    while (all && *at < json_array_size(tests)) {
        int   status;
        pid_t child = fork();
        if (child == 0) {
            run_from(tests, at, o);
            _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            return false;
        if (*at < json_array_size(tests)) {
            bool hung = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
            print(json_array_get(tests, *at), hung ? "HANG" : "CRASH", "", -1, "");
            ++*at;
        }
    }
    return all;
}

static bool options(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--profile") == 0 && (strcmp(value, "private") == 0 || strcmp(value, "web") == 0))
            o->profile = strcmp(argv[++i], "web") == 0 ? PROFILE_WEB : PROFILE_PRIVATE;
        else if (strcmp(argv[i], "--only") == 0 && *value)
            o->only = argv[++i];
        else if (strcmp(argv[i], "--warm") == 0)
            o->warm = true;
        else if (argv[i][0] != '-' && !o->file)
            o->file = argv[i];
        else
            return false;
    }
    return o->file != NULL;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    json_t        *root;
    if (!options(argc, argv, &o)) {
        fprintf(stderr, "usage: limbo [--profile private|web] [--only ID] [--warm] FILE.json[.xz]\n");
        return 2;
    }
    root = crypto_init() ? load(o.file) : NULL;
    if (!root || !json_is_array(json_object_get(root, "testcases")))
        return fprintf(stderr, "%s: no test cases\n", o.file), 2;
    return run_all(json_object_get(root, "testcases"), &o) ? 0 : 2;
}
