/* SPDX-License-Identifier: Apache-2.0
 * metrics.h - the numbers of all workers as Prometheus reads them (text format 0.0.4). doc/status.md lists them. */
#ifndef HF_PROG_METRICS_H
#define HF_PROG_METRICS_H
#include <stdio.h>

#include "prog/loop.h"
#include "prog/snapshot.h"

void metrics_print(FILE *f, struct gate *g, const struct snapshot *s, int64_t started_ms);

#endif
