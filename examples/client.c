/* SPDX-License-Identifier: Apache-2.0
 *
 * client.c - says who it is, and reads before it celebrates.
 *
 * usage: client PORT SERVER-NAME SERVERS-CA.pem [CHAIN.pem KEY]...      (connects to 127.0.0.1)
 *
 * In TLS 1.3 the client's handshake is over before the server has judged its certificate: success of the
 * handshake is not admission. The first byte from the server is.
 */
#include <arpa/inet.h>
#include <handfast.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static hf_config *config(const char *servers_ca, char **cred, int n)
{
    hf_trust  *servers = hf_trust_new();
    hf_config *cfg     = hf_config_new(HF_CLIENT);
    hf_why     why;

    hf_trust_anchor_file(servers, servers_ca);
    hf_config_trust(cfg, servers, HF_REQUIRE);
    for (int i = 0; i + 1 < n; i += 2) /* the first one that the server can accept is sent */
        hf_config_cred_files(cfg, cred[i], cred[i + 1]);
    if (hf_config_seal(cfg, time(NULL) * 1000, &why))
        return cfg;
    hf_why_print(&why, stderr);
    hf_config_free(cfg);
    return NULL;
}

static int connect_to(const char *port)
{
    struct sockaddr_in a  = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int                fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_port = htons((uint16_t)atoi(port));
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    perror(port);
    close(fd);
    return -1;
}

static bool greet(hf_config *cfg, int fd, const char *server_name)
{
    hf_conn          *c = hf_conn_new(cfg, server_name);
    const hf_finding *offer;
    char              line[256];

    long n = hf_fd_handshake(c, fd, 5000) ? hf_fd_recv(c, fd, line, sizeof line, 5000) : -1;
    if (n > 0)
        fwrite(line, 1, (size_t)n, stdout);
    else
        hf_why_print(hf_conn_why(c), stderr);
    for (size_t i = 0, k = hf_conn_offers(c, &offer); i < k; i++)
        fprintf(stderr, "credential %zu: %s\n", i, hf_check_info_of(offer[i].check)->title);
    hf_fd_close(c, fd);
    hf_conn_free(c);
    return n > 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: client PORT SERVER-NAME SERVERS-CA.pem [CHAIN.pem KEY]...\n");
        return 2;
    }
    hf_config *cfg = config(argv[3], argv + 4, argc - 4);
    int        fd  = cfg ? connect_to(argv[1]) : -1;
    bool       ok  = fd >= 0 && greet(cfg, fd, argv[2]);
    hf_config_free(cfg);
    return !ok;
}
