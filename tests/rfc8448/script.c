/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SCRIPT_BYTES = 1 << 16, SCRIPT_STEPS = 128 };

static char *whole_file(const char *name)
{
    char        path[1024];
    const char *root = getenv("HF_SOURCE");
    snprintf(path, sizeof path, "%s/tests/data/rfc8448/%s.txt", root ? root : ".", name);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be read", path);
    char *text = test_calloc(1, SCRIPT_BYTES);
    assert_true(fread(text, 1, SCRIPT_BYTES - 1, f) > 0);
    fclose(f);
    return text;
}

static void add_step(struct script *s, char *line, bool same)
{
    assert_in_range(s->n, 0, SCRIPT_STEPS - 1);
    struct step *t     = &s->step[s->n++];
    char        *space = strchr(line, ' ');
    assert_non_null(space);
    *space  = '\0';
    t->who  = strcmp(line, "client") == 0 ? CLIENT : SERVER;
    t->same = same;
    t->what = space + 1;
}

/* Hex to bytes, behind *at in s->bytes. */
static hf_view hex_value(struct script *s, size_t *at, const char *hex)
{
    hf_view v = {s->bytes + *at, strlen(hex) / 2};
    for (size_t i = 0; i < v.n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        s->bytes[(*at)++] = (uint8_t)byte;
    }
    return v;
}

static void add_value(struct script *s, size_t *at, char *line)
{
    char *colon = strchr(line, ':');
    assert_non_null(colon);
    assert_in_range(s->n, 1, SCRIPT_STEPS);
    struct step *t = &s->step[s->n - 1];
    assert_in_range(t->n, 0, STEP_VALUES - 1);
    *colon              = '\0';
    t->value[t->n].name = line;
    t->value[t->n++].v  = hex_value(s, at, colon + 1 + strspn(colon + 1, " "));
}

struct script *script_read(const char *name)
{
    struct script *s  = test_calloc(1, sizeof *s);
    size_t         at = 0;
    s->text           = whole_file(name);
    s->bytes          = test_calloc(1, SCRIPT_BYTES);
    s->step           = test_calloc(SCRIPT_STEPS, sizeof *s->step);
    for (char *save = NULL, *line = strtok_r(s->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "step: ", 6) == 0 || strncmp(line, "same: ", 6) == 0)
            add_step(s, line + 6, line[1] == 'a');
        else if (line[0] != '#')
            add_value(s, &at, line);
    }
    return s;
}

void script_free(struct script *s)
{
    test_free(s->text);
    test_free(s->bytes);
    test_free(s->step);
    test_free(s);
}

bool step_has(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->value[i].name, name) == 0)
            return true;
    return false;
}

hf_view step_value(const struct step *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->value[i].name, name) == 0)
            return s->value[i].v;
    fail_msg("\"%s\" has no %s", s->what, name);
    return (hf_view){0};
}

bool step_is(const struct step *s, const char *start)
{
    return strncmp(s->what, start, strlen(start)) == 0;
}

const struct step *script_find(const struct script *s, enum who who, const char *start, size_t k)
{
    for (size_t i = 0; i < s->n; i++)
        if (!s->step[i].same && s->step[i].who == who && step_is(&s->step[i], start) && k-- == 0)
            return &s->step[i];
    fail_msg("no such step: %s", start);
    return NULL;
}
