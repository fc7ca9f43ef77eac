/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - a target without libFuzzer: each file that is named is one input.
 */
#include "fuzz.h"

/* The input gets a block of its own size, so that the sanitizer sees a read past its end. */
static bool run_file(const char *name)
{
    FILE *f = fopen(name, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        perror(name);
        return false;
    }
    size_t   n = (size_t)ftell(f);
    uint8_t *p = malloc(n ? n : 1);
    rewind(f);
    bool ok = p && fread(p, 1, n, f) == n;
    fclose(f);
    if (ok)
        LLVMFuzzerTestOneInput(p, n);
    free(p);
    return ok;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!run_file(argv[i]))
            return 1;
    printf("%d inputs\n", argc - 1);
    return argc < 2;
}
