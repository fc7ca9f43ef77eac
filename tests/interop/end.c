/* SPDX-License-Identifier: Apache-2.0
 *
 * end.c - one end of one connection by the public API, for what the program leaves out: record limits, CA names in
 * ClientHello, channel bindings.
 *
 * usage: end client|server PORT ca=FILE [cert=FILE key=FILE] [version=1.2|1.3] [limit=BYTES] [cas=yes]
 *
 * A server takes any port for 0, prints it, and serves one connection. Both print the bindings and keying material of
 * the label "EXPERIMENTAL-interop", then a client sends a request and prints the answer; a server answers.
 */
#include <arpa/inet.h>
#include <handfast.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { WAIT_MS = 10000, ANSWER = 40000 };

static char **args;

static const char *arg(const char *key)
{
    size_t n = strlen(key);
    for (char **a = args; *a; a++)
        if (strncmp(*a, key, n) == 0 && (*a)[n] == '=')
            return *a + n + 1;
    return NULL;
}

static hf_config *config(enum hf_role role)
{
    hf_config *c = hf_config_new(role);
    hf_trust  *t = hf_trust_new();
    hf_why     why;
    hf_trust_anchor_file(t, arg("ca"));
    hf_config_trust(c, t, HF_REQUIRE);
    if (arg("cert"))
        hf_config_cred_files(c, arg("cert"), arg("key"));
    uint16_t version = arg("version") && strcmp(arg("version"), "1.2") == 0 ? 0x0303 : 0x0304;
    hf_config_versions(c, version, version);
    if (arg("limit"))
        hf_config_record_limit(c, (unsigned)atoi(arg("limit")));
    hf_config_announce_cas(c, arg("cas") != NULL);
    if (hf_config_seal(c, time(NULL) * 1000, &why))
        return c;
    hf_why_print(&why, stderr);
    hf_config_free(c);
    return NULL;
}

static int connection(enum hf_role role, int port)
{
    struct sockaddr_in a  = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    socklen_t          n  = sizeof a;
    int                fd = socket(AF_INET, SOCK_STREAM, 0);
    if (role == HF_CLIENT)
        return connect(fd, (struct sockaddr *)&a, n) == 0 ? fd : -1;
    if (bind(fd, (struct sockaddr *)&a, n) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&a, &n))
        return -1;
    printf("port %d\n", ntohs(a.sin_port));
    fflush(stdout);
    return accept(fd, NULL, NULL);
}

static void hex(const char *what, const uint8_t *p, size_t n)
{
    printf("%s ", what);
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
    printf("\n");
}

static void bindings(hf_conn *c)
{
    uint8_t out[64];
    if (hf_conn_binding_exporter(c, out))
        hex("exporter", out, 32);
    hex("end-point", out, hf_conn_binding_end_point(c, out));
    if (hf_conn_export(c, "EXPERIMENTAL-interop", (hf_view){0}, out, 32))
        hex("keying", out, 32);
    fflush(stdout);
}

/* A client says 40,000 bytes and reads as many, or until the end; a server reads to the end of a line and answers as long. */
static bool talk(hf_conn *c, int fd, enum hf_role role)
{
    static char line[ANSWER], in[ANSWER];
    size_t      got = 0;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    if (role == HF_CLIENT && !hf_fd_send(c, fd, line, sizeof line, WAIT_MS))
        return false;
    for (long n = 1; n > 0 && got<sizeof in; got += n> 0 ? (size_t)n : 0)
        n = role == HF_SERVER && got && in[got - 1] == '\n' ? 0 : hf_fd_recv(c, fd, in + got, sizeof in - got, WAIT_MS);
    printf("received %zu\n", got);
    return got > 0 && (role == HF_CLIENT || hf_fd_send(c, fd, line, sizeof line, WAIT_MS));
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    enum hf_role role = strcmp(argv[1], "client") == 0 ? HF_CLIENT : HF_SERVER;
    args              = argv + 3;
    hf_config *cfg    = config(role);
    int        fd     = cfg ? connection(role, atoi(argv[2])) : -1;
    if (fd < 0)
        return 2;
    hf_conn *c  = hf_conn_new(cfg, role == HF_CLIENT ? "localhost" : NULL);
    bool     ok = hf_fd_handshake(c, fd, WAIT_MS);
    if (ok) {
        bindings(c);
        ok = talk(c, fd, role);
    }
    if (!ok)
        hf_why_print(hf_conn_why(c), stdout);
    hf_fd_close(c, fd);
    hf_conn_free(c);
    hf_config_free(cfg);
    return !ok;
}
