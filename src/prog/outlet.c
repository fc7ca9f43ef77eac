/* SPDX-License-Identifier: Apache-2.0 */
#include "prog/outlet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned columns(void)
{
    struct winsize w;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 60 ? w.ws_col : 100;
}

static bool say_wrong(const struct report *rep)
{
    fprintf(stderr, "handfast explain: ");
    hf_why_print(&rep->why, stderr);
    return false;
}

bool outlet_open(struct outlet *o, const struct explain *x, bool list)
{
    struct report rep;
    report_init(&rep);
    *o = (struct outlet){.x = x, .list = list, .quiet = x->html && strcmp(x->html, "-") == 0};
    return !x->html || page_open(&o->page, x->html, &rep) || say_wrong(&rep);
}

static void print(const struct outlet *o, const json_t *tale)
{
    struct tale_style style = {.width  = columns(),
                               .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
                               .fields = o->x->fields,
                               .bytes  = o->x->bytes};
    if (!o->x->json) {
        tale_print(tale, stdout, &style);
        return;
    }
    if (o->list && o->n)
        printf(",\n");
    json_dumpf(tale, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    if (!o->list)
        printf("\n");
}

void outlet_tale(struct outlet *o, const json_t *tale)
{
    if (o->x->html)
        page_tale(&o->page, tale);
    if (!o->quiet)
        print(o, tale);
    o->n++;
}

bool outlet_close(struct outlet *o)
{
    struct report rep;
    report_init(&rep);
    return !o->x->html || page_close(&o->page, o->x->html, &rep) || say_wrong(&rep);
}
