/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - which command is meant. Everything else is in the command's own file.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "crypto/crypto.h"
#include "handfast.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *brief;
} commands[] = {
    {"server", server_main, "TLS from clients that prove who they are, plain to a service behind"},
    {"client", client_main, "plain from local programs, TLS with a certificate to a server"},
    {"connect", connect_main, "one connection by hand: who is there, and what it says about us"},
    {"explain", explain_main, "a handshake told message by message, and why it fails"},
    {"check", check_main, "says whether a certificate would be accepted, and why"},
    {"ca", ca_main, "a small CA: makes the certificates that mutual TLS needs"},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void usage(FILE *f)
{
    fprintf(f, "handfast - mutual TLS that you can see through\n\nUsage: handfast COMMAND [options]\n\nCommands\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-10s %s\n", commands[i].name, commands[i].brief);
    fprintf(f, "\n`handfast COMMAND --help` describes a command, `handfast --version` says what this is.\n");
}

static int version(void)
{
    printf("handfast %s (%s)\n", HF_VERSION, crypto_version());
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        usage(stderr);
        return EXIT_WRONG;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0)
        return version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return EXIT_OK;
    }
    fprintf(stderr, "handfast: \"%s\" is not a command; `handfast --help` lists them.\n", argv[1]);
    return EXIT_WRONG;
}
