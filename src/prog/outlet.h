/* SPDX-License-Identifier: Apache-2.0
 * outlet.h - where tales go as the options want it: text, JSON or a page; one after the other, and none is kept. */
#ifndef HF_PROG_OUTLET_H
#define HF_PROG_OUTLET_H
#include "prog/page.h"

struct outlet {
    const struct explain *x;
    struct html           page;
    bool                  quiet; /* the page goes to standard output, and nothing else does */
    bool                  list;  /* of tales: in JSON they stand in an array that the caller has begun */
    size_t                n;     /* told */
};

/* False: the page cannot be written, which was said. */
bool outlet_open(struct outlet *o, const struct explain *x, bool list);
void outlet_tale(struct outlet *o, const json_t *tale);
bool outlet_close(struct outlet *o);

#endif
