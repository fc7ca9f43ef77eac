/* SPDX-License-Identifier: Apache-2.0
 *
 * pass.c - passphrases of private keys: from a file, from the environment, or asked for at the terminal.
 * Never from the command line, where every user of the host can read them.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "prog/settings.h"

const char *pass_check(const char *source)
{
    if (strncmp(source, "file:", 5) == 0 || strncmp(source, "env:", 4) == 0)
        return strchr(source, ':')[1] ? NULL : "a name is missing behind the colon";
    return strcmp(source, "prompt") == 0 ? NULL : "write file:F, env:VAR or prompt";
}

/* The first line, without its end. */
static bool first_line(int fd, char *out, size_t room)
{
    size_t n = 0;
    char   c;
    while (read(fd, &c, 1) == 1 && c != '\n') {
        if (n + 1 >= room)
            return false;
        out[n++] = c;
    }
    if (n && out[n - 1] == '\r')
        n--;
    out[n] = '\0';
    return true;
}

static bool from_file(const char *file, char *out, size_t room)
{
    int  fd = open(file, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && first_line(fd, out, room);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool from_env(const char *name, char *out, size_t room)
{
    const char *v = getenv(name);
    if (!v || strlen(v) >= room)
        return false;
    memcpy(out, v, strlen(v) + 1);
    return true;
}

static bool from_terminal(const char *file, char *out, size_t room)
{
    struct termios was, quiet;
    int            fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return false;
    dprintf(fd, "Passphrase for %s: ", file);
    bool echoes = tcgetattr(fd, &was) == 0;
    if (echoes) {
        quiet = was;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fd, TCSAFLUSH, &quiet);
    }
    bool ok = first_line(fd, out, room);
    if (echoes)
        tcsetattr(fd, TCSAFLUSH, &was);
    dprintf(fd, "\n");
    close(fd);
    return ok;
}

bool pass_ask(void *ctx, const char *file, char *out, size_t room)
{
    const char *source = ctx;
    if (!source)
        return false;
    if (strncmp(source, "file:", 5) == 0)
        return from_file(source + 5, out, room);
    if (strncmp(source, "env:", 4) == 0)
        return from_env(source + 4, out, room);
    return from_terminal(file, out, room);
}
