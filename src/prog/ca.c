/* SPDX-License-Identifier: Apache-2.0
 *
 * ca.c - `handfast ca`: a small CA with the profiles that mutual TLS needs, and what its commands share.
 */
#include "ca.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/pem.h"
#include "commands.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *brief;
} commands[] = {
    {"init", ca_init, "makes a root and an intermediate in a directory of their own"},
    {"issue", ca_issue, "makes a certificate for a server or a client, and its key"},
    {"list", ca_list, "shows what was issued and until when it is valid"},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *f)
{
    fprintf(f, "handfast ca - a small CA for mutual TLS\n\nUsage: handfast ca COMMAND [options]\n\nCommands\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].brief);
    fprintf(f, "\nExamples\n"
               "  handfast ca init  --dir ca --name \"CN=Example CA,O=Example\"\n"
               "  handfast ca issue --dir ca --server --name www.example.com --out server\n"
               "  handfast ca issue --dir ca --client --name alice --mail alice@example.com --out alice\n"
               "  handfast ca list  --dir ca --expiring 30\n"
               "\n`handfast ca COMMAND --help` describes a command.\n");
}

int ca_main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return EXIT_OK;
    }
    if (argc > 1)
        fprintf(stderr, "handfast ca: \"%s\" is not a command of it; `handfast ca --help` lists them.\n", argv[1]);
    else
        usage(stderr);
    return EXIT_WRONG;
}

bool ca_path(char out[static PATH_MAX], const char *dir, const char *name, struct report *rep)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    return n < PATH_MAX || fail_text(rep, CA_PATH, 0, PATH_MAX, n, dir);
}

int ca_failed(const struct command *c, const struct report *rep)
{
    fprintf(stderr, "handfast %s: ", c->name);
    hf_why_print(&rep->why, stderr);
    return EXIT_REFUSED;
}

struct key *ca_key_generate(unsigned choice, struct report *rep)
{
    static const struct {
        enum key_kind kind;
        unsigned      bits;
    } kinds[]     = {{KEY_EC_P256, 0}, {KEY_EC_P384, 0}, {KEY_EC_P521, 0}, {KEY_ED25519, 0},
                     {KEY_RSA, 2048},  {KEY_RSA, 3072},  {KEY_RSA, 4096}};
    size_t      i = choice ? choice - 1 : 0;
    struct key *k = key_generate(kinds[i].kind, kinds[i].bits);
    if (!k)
        fail(rep, CA_KEY_GENERATE, 0, 0, 0);
    return k;
}

unsigned ca_days(const char *text)
{
    char         *end;
    unsigned long n = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && n <= CA_DAYS_MAX ? (unsigned)n : 0;
}

bool ca_make(struct ca_made *made, const struct cert_spec *spec, hf_view spki, const struct issuer *by, struct mem *m,
             struct report *rep)
{
    size_t room;
    made->der = cert_make(spec, spki, by, &rnd_libcrypto, m, &made->der_n, rep);
    if (!made->der)
        return false;
    room      = made->der_n * 2 + 128; /* base64 with line ends, and the two lines around it */
    made->pem = mem_alloc(m, room);
    if (!made->pem)
        return no_memory(rep, room);
    made->pem_n = pem_write(made->pem, room, "CERTIFICATE", (hf_view){made->der, made->der_n});
    return true;
}

int64_t ca_now(void)
{
    return (int64_t)time(NULL);
}

void ca_free_made(struct ca_made *made, struct mem *m)
{
    mem_free(m, made->der);
    mem_free(m, made->pem);
}

bool ca_ready(struct report *rep)
{
    return crypto_init() || fail_text(rep, CA_LIBCRYPTO, 0, 0, 0, crypto_version());
}

void ca_hold_signals(sigset_t *old)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, old);
}

void ca_let_signals(const sigset_t *old)
{
    sigprocmask(SIG_SETMASK, old, NULL);
}
