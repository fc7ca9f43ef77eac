/* SPDX-License-Identifier: Apache-2.0
 *
 * server.c - a service that only clients with a certificate can talk to.
 *
 * usage: server PORT CLIENTS-CA.pem SERVER.pem SERVER.key      (listens on 127.0.0.1)
 */
#include <arpa/inet.h>
#include <handfast.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static hf_config *config(char **file)
{
    hf_trust  *clients = hf_trust_new();
    hf_config *cfg     = hf_config_new(HF_SERVER);
    hf_why     why;

    hf_trust_anchor_file(clients, file[0]);           /* who may vouch for a client */
    hf_config_trust(cfg, clients, HF_REQUIRE);        /* no certificate: no handshake */
    hf_config_cred_files(cfg, file[1], file[2]);      /* what we present */
    if (hf_config_seal(cfg, time(NULL) * 1000, &why)) /* every earlier mistake lands here */
        return cfg;
    hf_why_print(&why, stderr);
    hf_config_free(cfg);
    return NULL;
}

static void serve(hf_config *cfg, int fd)
{
    hf_conn *c = hf_conn_new(cfg, NULL);
    char     line[256];

    if (hf_fd_handshake(c, fd, 5000)) {
        printf("admitted %s\n", hf_peer_name(hf_conn_peer(c)));
        int n = snprintf(line, sizeof line, "welcome, %s\n", hf_peer_name(hf_conn_peer(c)));
        hf_fd_send(c, fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1, 5000);
    } else {
        printf("refused: ");
        hf_why_print(hf_conn_why(c), stdout); /* which check, which certificate, which byte */
    }
    fflush(stdout);
    hf_fd_close(c, fd); /* a refused client really receives its alert */
    hf_conn_free(c);
}

static int listen_on(const char *port)
{
    struct sockaddr_in a  = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int                fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    a.sin_port = htons((uint16_t)atoi(port));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 16) == 0)
        return fd;
    perror(port);
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: server PORT CLIENTS-CA.pem SERVER.pem SERVER.key\n");
        return 2;
    }
    hf_config *cfg      = config(argv + 2);
    int        listener = cfg ? listen_on(argv[1]) : -1;
    if (listener < 0)
        return 1;
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0)
            serve(cfg, fd);
    }
}
