/* SPDX-License-Identifier: Apache-2.0
 * commands.h - the commands of the program; argv[0] is the command's name. Each returns the exit status. */
#ifndef HF_PROG_COMMANDS_H
#define HF_PROG_COMMANDS_H

enum exit_status {
    EXIT_OK      = 0,
    EXIT_REFUSED = 1, /* a peer refused us, or we refused it: the cause was printed */
    EXIT_WRONG   = 2  /* wrong use, unusable files, or nobody to be reached */
};

int server_main(int argc, char **argv);
int client_main(int argc, char **argv);
int connect_main(int argc, char **argv);
int ca_main(int argc, char **argv);
int check_main(int argc, char **argv);
int explain_main(int argc, char **argv);

#endif
